"""What the worker says, put into lines."""

import msgspec

from ...errors import EngineError
from ...protocol import Event, Failure
from .channel import Channel


class Outbox:
    """Sends events; never waits for their reader."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._encoder = msgspec.json.Encoder()

    def send(self, event: Event) -> None:
        """Sends one event."""
        self._channel.send(self._encoder.encode(event))

    def fail(self, call_id: int | None, error: EngineError) -> None:
        """Ends a call with an error; without an id tells of a line that nobody can be named for."""
        self.send(Failure(id=call_id, code=error.code, message=error.message, hint=error.hint))
