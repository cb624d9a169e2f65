"""The size of JSON before it is parsed."""

import re
from itertools import islice

from ..errors import ApiError

#: How deep JSON can be nested: far more than any tool schema needs, far less than recursive code
#: can handle.
MAX_DEPTH = 128

_STRINGS = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"?', re.DOTALL)
_BRACKETS = re.compile(rb"[\[\]{}]")


def check_json_shape(json: bytes, most_values: int) -> None:
    """Checks how deep a JSON text is nested, and the number of its values.

    Raises ApiError 400 or 413.
    """
    structure = _STRINGS.sub(b"", json)
    if _is_too_deep(structure, most_values):
        message = f"The body is nested more than {MAX_DEPTH} levels deep."
        raise ApiError(400, "invalid_json", message)
    # Validating each value takes a microsecond or more.
    openers = structure.count(b"[") + structure.count(b"{")
    if 1 + openers + structure.count(b",") > most_values:
        raise ApiError(413, "body_too_large", f"The body contains more than {most_values} values.")


def is_too_deep(json: str) -> bool:
    """Returns whether a JSON text is nested so deep that recursive code can't handle it."""
    structure = _STRINGS.sub(b"", json.encode())
    return _is_too_deep(structure, len(structure))


def _is_too_deep(structure: bytes, most_brackets: int) -> bool:
    depth = 0
    for bracket in islice(_BRACKETS.finditer(structure), 2 * most_brackets):
        depth += 1 if bracket[0] in b"[{" else -1
        # Text that closes more than it has opened is not JSON, which the parser tells.
        if depth > MAX_DEPTH or depth < 0:
            return depth > MAX_DEPTH
    return False


def not_json() -> ApiError:
    """Returns the error of a body that is not JSON."""
    return ApiError(400, "invalid_json", "The body is not valid JSON.")
