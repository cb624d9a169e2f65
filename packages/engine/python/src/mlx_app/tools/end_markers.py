"""Keeps the end markers of a format out of strings in JSON, where readers would stop at them."""

import re
from collections.abc import Sequence
from typing import Any

_OF_ONE = ("items", "additionalProperties")
_OF_MANY = ("anyOf", "oneOf", "allOf", "prefixItems")
_NAMED = ("properties", "patternProperties", "$defs", "definitions")


def without_end_markers(schema: object, marks: Sequence[str]) -> object:
    """The schema, its strings kept from holding `marks`, which begin with `<`.

    Left alone are strings with a choice, a pattern or a format of their own, and values of any
    type.
    """
    if not isinstance(schema, dict) or not marks:
        return schema
    result: dict[str, Any] = dict(schema)
    for key in _OF_ONE:
        if key in result:
            result[key] = without_end_markers(result[key], marks)
    for key in _OF_MANY:
        if isinstance(result.get(key), list):
            result[key] = [without_end_markers(one, marks) for one in result[key]]
    for key in _NAMED:
        if isinstance(result.get(key), dict):
            result[key] = {
                name: without_end_markers(one, marks) for name, one in result[key].items()
            }
    types = result.get("type")
    is_text = types == "string" or (isinstance(types, list) and "string" in types)
    if is_text and not result.keys() & {"enum", "const", "pattern", "format"}:
        result["pattern"] = f"^{text_without(marks)}$"
    return result


def text_without(marks: Sequence[str]) -> str:
    """A regular expression for text without `marks`, which begin with `<`.

    It says what may stand there: JSON Schema has no word for "not", and negated ones soon exceed
    llguidance's limits.
    """
    # Up to a second <, so that each < begins anew.
    tails = sorted({mark[1:].split("<")[0] for mark in marks})
    return f"[^<]*(<{_after(tails)})*"


def _after(tails: Sequence[str]) -> str:
    """What may stand between a < and the next one: nothing that begins with one of `tails`."""
    firsts = sorted({tail[0] for tail in tails})
    ways = [f"[^<{''.join(map(re.escape, firsts))}][^<]*"]
    for first in firsts:
        rest = [tail[1:] for tail in tails if tail[0] == first]
        if all(rest):
            ways.append(re.escape(first) + _after(rest))
    return f"({'|'.join(ways)})?"
