"""Times as people write them."""

import re

NEVER = float("inf")
#: What a time must be, for messages.
DURATION = "a time such as 90s, 10m or 2h, a number of seconds, or -1 for no limit"
_UNITS = {"ms": 0.001, "": 1, "s": 1, "m": 60, "h": 3600}
_TEXT = re.compile(r"(-?\d+(?:\.\d+)?) ?(ms|s|m|h|)")
_LONGEST = 10 * 365 * 86_400


def parse_duration(value: object) -> float | None:
    """Returns a time in seconds, NEVER for a negative one, or None for what is no time."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    found = _TEXT.fullmatch(value.strip() if isinstance(value, str) else f"{value:.3f}")
    if found is None:
        return None
    seconds = float(found[1]) * _UNITS[found[2]]
    if seconds > _LONGEST:
        return None
    return NEVER if seconds < 0 else seconds
