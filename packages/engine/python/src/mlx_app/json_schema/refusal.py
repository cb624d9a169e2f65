"""Finds the part of a schema that can't be enforced."""

import time
from collections.abc import Callable
from typing import Any

from .keywords import parts

# Seconds for the search; a schema for which that is too short gets a place further out.
_TIME = 2.0
_DEFINITIONS = ("$defs", "definitions")


def place(schema: dict[str, Any], reason: str, refused: Callable[[object], str | None]) -> str:
    """Returns the path of the innermost part that is refused for the same reason, such as `$.a`.

    `refused` returns the reason why a schema can't be enforced, or None.
    """
    definitions = {key: schema[key] for key in _DEFINITIONS if key in schema}
    deadline = time.monotonic() + _TIME

    def is_at_fault(part: object) -> bool:
        if time.monotonic() > deadline:
            return False
        alone = refused({**definitions, **part} if isinstance(part, dict) else part)
        return alone is not None and _kind(alone) == _kind(reason)

    path, inside = "$", schema
    while True:
        # Definitions first, because the parts that refer to them are refused too.
        inner = sorted(parts(inside), key=lambda each: not each[0].startswith((".$d", ".d")))
        found = next((each for each in inner if is_at_fault(each[1])), None)
        if found is None:
            return path
        path += found[0]
        if not isinstance(found[1], dict):
            return path
        inside = found[1]


def _kind(reason: str) -> str:
    # The reason of an outer part is that an inner one can't be met.
    return "unsatisfiable" if reason.startswith("Unsatisfiable schema") else reason
