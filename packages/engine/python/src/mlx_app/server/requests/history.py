"""Earlier turns as clients replay them: what a model can't read becomes text or is left out."""

import re
from dataclasses import dataclass, field
from typing import Any

from ..http.body import json_object
from ..http.json_shape import is_too_deep

_OTHER = re.compile(r"[^a-zA-Z0-9_.-]")
# The most changes that a header names.
_MAX_NAMED = 8


@dataclass
class HistoryChanges:
    """What was changed in the history of a request, because the model can't read it as it is."""

    changes: list[str] = field(default_factory=list)

    def add(self, param: str, change: str) -> None:
        """Notes a change. `param` is the path in the body."""
        self.changes.append(f"{param}: {change}")

    def header(self) -> str:
        """Returns the changes for the header `x-history-changes`, empty if there are none."""
        more = len(self.changes) - _MAX_NAMED
        named = self.changes[:_MAX_NAMED] + ([f"and {more} more"] if more > 0 else [])
        return "; ".join(named)


def past_call(
    call_id: str,
    name: str,
    arguments: str | dict[str, Any] | None,
    param: str,
    changes: HistoryChanges,
) -> dict[str, Any]:
    """Returns a call of an earlier turn.

    A client may replay a call that was cut off, so arguments that are not a JSON object become the
    argument `input`.
    """
    arguments = arguments or ""
    if isinstance(arguments, dict):
        return {"id": call_id, "name": tool_name(name), "arguments": arguments}
    values: dict[str, Any] | None = None if arguments.strip() else {}
    if values is None and not is_too_deep(arguments):
        values = json_object(arguments)
    if values is None:
        changes.add(param, 'the arguments are not a JSON object and became the argument "input"')
        values = {"input": arguments}
    return {"id": call_id, "name": tool_name(name), "arguments": values}


def tool_name(name: str) -> str:
    """Returns the name of a tool in a form that the engine accepts."""
    return _OTHER.sub("_", name)[:64]
