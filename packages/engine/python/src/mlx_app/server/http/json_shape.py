"""The size of JSON before it is parsed."""

import re

from ..errors import ApiError

#: How deep JSON can be nested: far more than any tool schema needs, far less than recursive code
#: can handle.
MAX_DEPTH = 128

_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")


def json_depth(json: bytes, most_values: int | None = None) -> int:
    """Returns how deep a JSON text is nested, and counts its values if there is a limit.

    Raises ApiError 413 for too many values, and 400 for text that can't be JSON.
    """
    structure = _STRINGS.sub(b"", json)
    openers = structure.count(b"[") + structure.count(b"{")
    # Validating each value takes a microsecond or more.
    if most_values is not None and 1 + openers + structure.count(b",") > most_values:
        raise ApiError(413, "body_too_large", f"The body contains more than {most_values} values.")
    if structure.count(b"]") + structure.count(b"}") > openers:
        raise not_json()
    depth = deepest = 0
    for bracket in _BRACKETS.findall(structure):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def not_json() -> ApiError:
    """Returns the error of a body that is not JSON."""
    return ApiError(400, "invalid_json", "The body is not valid JSON.")
