"""Server-sent events: https://html.spec.whatwg.org/multipage/server-sent-events.html."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..errors import ApiError, to_api_error
from .call import call_of
from .disconnects import cancel, wait_for_disconnect
from .responses import encode_json

_log = logging.getLogger("mlx_app.server")

# The longest time to wait for the first event before the headers are sent. Until then, an error
# sets the status.
_HEAD_SECONDS = 5.0
_COMMENT = b": still here\n\n"
_HEADERS = {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-store",
    # Tells nginx not to buffer the events.
    "x-accel-buffering": "no",
}


@dataclass(frozen=True)
class ServerEvent:
    """An event before it is serialised."""

    #: Serialised as JSON, unless it is a text.
    data: Any
    event: str | None = None

    def encode(self) -> bytes:
        """Returns the bytes of the event."""
        data = self.data.encode() if isinstance(self.data, str) else encode_json(self.data)
        name = b"" if self.event is None else b"event: " + self.event.encode() + b"\n"
        return name + b"data: " + data + b"\n\n"


#: The last event of a stream of OpenAI's API.
DONE = ServerEvent("[DONE]")

Events = AsyncGenerator[ServerEvent, None]


async def event_stream(
    request: Request,
    events: Events,
    *,
    heartbeat_ms: int,
    beat: ServerEvent | None = None,
    error_name: str | None = None,
) -> Response:
    """Returns a response of events. They are read only as fast as the client reads them.

    A silent stream gets a comment, and `beat` with it, after at most twice `heartbeat_ms`: load
    balancers and clients close silent connections, and some clients count only events.

    When the client disconnects, the events are ended. An error after the first event is sent as an
    event with the given name. Raises what the events raise before the first one.
    """
    call = call_of(request)
    interval = heartbeat_ms / 1000
    first = asyncio.ensure_future(anext(events))
    try:
        await asyncio.wait({first}, timeout=min(_HEAD_SECONDS, interval))
        if first.done():
            first.result()
    except BaseException:
        await cancel(first)
        await events.aclose()
        raise

    def failed(error: ApiError) -> ServerEvent:
        call.code = error.code
        return ServerEvent(error.body(call.id), error_name)

    heartbeat = _COMMENT + (b"" if beat is None else beat.encode())
    return _EventStream(first, events, failed, interval, heartbeat)


class _EventStream(Response):
    def __init__(
        self,
        first: "asyncio.Future[ServerEvent]",
        events: Events,
        failed: Callable[[ApiError], ServerEvent],
        interval: float,
        heartbeat: bytes,
    ) -> None:
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._first = first
        self._events = events
        self._failed = failed
        self._interval = interval
        self._heartbeat = heartbeat
        self._waiting = False
        self._silent = False

    async def __call__(
        self,
        scope: Scope,  # noqa: ARG002 - as ASGI has it
        receive: Receive,
        send: Send,
    ) -> None:
        """Sends the events until their end or until the client leaves."""
        writing = asyncio.ensure_future(self._write(send))
        leaving = asyncio.ensure_future(wait_for_disconnect(receive))
        beating = asyncio.ensure_future(self._beat(send))
        try:
            await asyncio.wait({writing, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await cancel(writing, leaving, beating, self._first)
            await self._events.aclose()

    async def _write(self, send: Send) -> None:
        await send(
            {"type": "http.response.start", "status": 200, "headers": self.raw_headers},
        )

        async def write(body: bytes, more: bool = True) -> None:
            await send({"type": "http.response.body", "body": body, "more_body": more})

        self._waiting = True
        try:
            event = await self._first
            while True:
                self._waiting = self._silent = False
                await write(event.encode())
                self._waiting = True
                event = await anext(self._events)
        except StopAsyncIteration:
            self._waiting = False
        except Exception as cause:
            self._waiting = False
            error = to_api_error(cause)
            trace = cause if error.status == 500 else None
            _log.warning("a stream failed: %s", error.message, exc_info=trace)
            await write(self._failed(error).encode())
        await write(b"", more=False)

    async def _beat(self, send: Send) -> None:
        """Sends a heartbeat when a whole interval has passed without an event."""
        while True:
            self._silent = True
            await asyncio.sleep(self._interval)
            if self._waiting and self._silent:
                body = {"type": "http.response.body", "body": self._heartbeat, "more_body": True}
                await send(body)
