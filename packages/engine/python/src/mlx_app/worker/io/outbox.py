"""Encodes the events that the worker sends."""

import msgspec

from ...errors import EngineError
from ...protocol import Event, Failure
from .channel import Channel


class Outbox:
    """Sends events without waiting for their reader."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._encoder = msgspec.json.Encoder()

    def send(self, event: Event) -> None:
        """Sends one event."""
        self._channel.send(self._encoder.encode(event))

    def fail(self, call_id: int | None, error: EngineError) -> None:
        """Ends a request with an error; without an id, reports a line of no known request."""
        self.send(Failure(id=call_id, code=error.code, message=error.message, hint=error.hint))
