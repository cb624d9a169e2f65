"""Keeps the end markers of a format out of JSON strings, where parsers would stop at them."""

import re
from collections.abc import Sequence
from typing import Any

_OF_ONE = ("items", "additionalProperties")
_OF_MANY = ("anyOf", "oneOf", "allOf", "prefixItems")
_NAMED = ("properties", "patternProperties", "$defs", "definitions")


def without_end_markers(schema: object, markers: Sequence[str]) -> object:
    """Returns a schema whose strings can't contain `markers`, which begin with `<`.

    Strings with an enum, a pattern or a format of their own stay as they are, and so do values
    without a type.
    """
    if not isinstance(schema, dict) or not markers:
        return schema
    result: dict[str, Any] = dict(schema)
    for key in _OF_ONE:
        if key in result:
            result[key] = without_end_markers(result[key], markers)
    for key in _OF_MANY:
        if isinstance(result.get(key), list):
            result[key] = [without_end_markers(one, markers) for one in result[key]]
    for key in _NAMED:
        if isinstance(result.get(key), dict):
            result[key] = {
                name: without_end_markers(one, markers) for name, one in result[key].items()
            }
    types = result.get("type")
    is_text = types == "string" or (isinstance(types, list) and "string" in types)
    if is_text and not result.keys() & {"enum", "const", "pattern", "format"}:
        result["pattern"] = f"^{text_without(markers)}$"
    return result


def text_without(markers: Sequence[str]) -> str:
    """Returns a regular expression for text without `markers`, which begin with `<`.

    It describes what is allowed, since patterns of JSON Schema have no "not", and negations of
    llguidance soon exceed its limits.
    """
    # Up to a second <, so that each < begins anew.
    tails = sorted({marker[1:].split("<")[0] for marker in markers})
    return f"[^<]*(<{_after(tails)})*"


def _after(tails: Sequence[str]) -> str:
    """Returns what may follow a < up to the next one: nothing that begins with one of `tails`."""
    firsts = sorted({tail[0] for tail in tails})
    ways = [f"[^<{''.join(map(re.escape, firsts))}][^<]*"]
    for first in firsts:
        rest = [tail[1:] for tail in tails if tail[0] == first]
        if all(rest):
            ways.append(re.escape(first) + _after(rest))
    return f"({'|'.join(ways)})?"
