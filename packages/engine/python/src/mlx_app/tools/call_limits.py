"""Where the calls of one answer end."""

from collections.abc import Sequence

import msgspec

from ..protocol import Generate, ToolCall


def allows_one_call(request: Generate) -> bool:
    """Whether an answer has at most one call: a call of a named tool is demanded only once."""
    return not request.parallel_tool_calls or request.tool_name is not None


class CallLimits:
    """The calls of one answer that its caller gets.

    Calls that are demanded end with the first repeated one. The grammar lets a model write several
    calls, and small models would write the same one until there are no more.
    """

    def __init__(self, request: Generate) -> None:
        self._one = allows_one_call(request)
        self._demanded = request.tool_choice == "required"
        self._seen: set[bytes] = set()
        #: Whether no further call is taken.
        self.reached = False

    @property
    def has_called(self) -> bool:
        """Whether there was a call."""
        return bool(self._seen)

    def take(self, calls: Sequence[ToolCall]) -> list[ToolCall]:
        """Returns the calls up to the limit."""
        taken: list[ToolCall] = []
        for call in calls:
            content = msgspec.json.encode((call.name, call.arguments), order="deterministic")
            if self.reached or (self._demanded and content in self._seen):
                self.reached = True
                break
            self._seen.add(content)
            taken.append(call)
            self.reached = self._one
        return taken
