"""The events that the worker sends."""

from collections.abc import Callable

from ...errors import EngineError
from ...protocol import Event, Failure


class Outbox:
    """Sends events without waiting for their reader."""

    def __init__(self, send: Callable[[Event], None]) -> None:
        # Sends one event.
        self.send = send

    def fail(self, call_id: int | None, error: EngineError) -> None:
        """Ends a request with an error; without an id, reports a line of no known request."""
        self.send(Failure(id=call_id, code=error.code, message=error.message, hint=error.hint))
