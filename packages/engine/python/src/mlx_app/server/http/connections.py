"""Limits on connections, and answers to what never becomes a request."""

import asyncio
import sys
from http import HTTPStatus

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from ..errors import ApiError
from ..settings import ServerSettings
from .responses import encode_json

#: The largest headers of a request: twice what the official clients send.
MAX_HEADER_BYTES = 16 * 1024
# How long a client can read nothing before it is disconnected.
_STALLED_SECONDS = 60.0


def limited_protocol(settings: ServerSettings) -> type[H11Protocol]:
    """Returns uvicorn's protocol with the limits of the settings on connections."""

    class LimitedProtocol(_LimitedProtocol):
        limits = settings

    return LimitedProtocol


class _LimitedProtocol(H11Protocol):
    limits: ServerSettings

    _late: asyncio.TimerHandle | None = None
    _late_for: object = None
    _stalled: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        if len(self.connections) >= self.limits.max_connections:
            transport.abort()
            return
        super().connection_made(transport)
        self._watch(h11.IDLE)

    def connection_lost(self, exc: Exception | None) -> None:
        self._watch(None)
        self.resume_writing()
        if self.transport is not None:
            super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch_request()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._watch_request()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stalled = self.loop.call_later(_STALLED_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        if self.flow is not None:
            super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's signature
        """Answers what is not a valid request. Uvicorn calls it while it handles the error."""
        error = sys.exc_info()[1]
        if isinstance(error, h11.RemoteProtocolError) and error.error_status_hint == 431:
            self._answer(ApiError(431, "headers_too_large", "The headers are too large."))
        else:
            self._answer(ApiError(400, "malformed_request", "This is not a valid HTTP request."))

    def _watch_request(self) -> None:
        """Watches the rest of a request that has begun to arrive."""
        state = self.conn.their_state
        begun = state is h11.SEND_BODY or (state is h11.IDLE and self.conn.trailing_data[0] != b"")
        self._watch(state if begun else None)

    def _watch(self, state: object) -> None:
        """Limits the time of the headers or the body, which the state tells apart."""
        if state is self._late_for:
            return
        self._late_for = state
        if self._late is not None:
            self._late.cancel()
            self._late = None
        if state is not None:
            headers = state is h11.IDLE
            limit = self.limits.headers_timeout_ms if headers else self.limits.body_timeout_ms
            self._late = self.loop.call_later(limit / 1000, self._too_late)

    def _too_late(self) -> None:
        message = "The request took too long to arrive."
        if self.conn.our_state is h11.IDLE:
            self._answer(ApiError(408, "request_timeout", message))
        elif self.conn.our_state is h11.DONE:
            # The response was sent, but the client still sends its body.
            self.transport.abort()

    def _answer(self, error: ApiError) -> None:
        if self.transport.is_closing():
            return
        body = encode_json(error.body())
        status = error.status
        headers = [
            ("content-type", "application/json"),
            ("content-length", str(len(body))),
            ("x-content-type-options", "nosniff"),
            ("connection", "close"),
        ]
        reason = HTTPStatus(status).phrase.encode()
        for event in (
            h11.Response(status_code=status, headers=headers, reason=reason),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()
