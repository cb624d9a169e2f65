"""Streams of events without a server."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from starlette.requests import Request

from mlx_app.server.http.call import Call
from mlx_app.server.http.event_stream import DONE, ServerEvent, event_stream


def test_sends_heartbeats_while_there_is_no_event() -> None:
    scope = {"type": "http", "headers": [], "state": {"call": Call()}}
    sent: list[bytes] = []

    async def run() -> None:
        beaten = asyncio.Event()

        async def events() -> AsyncGenerator[ServerEvent, None]:
            await beaten.wait()
            yield ServerEvent({"answer": 42}, "told")
            yield DONE

        async def receive() -> dict[str, Any]:
            await asyncio.Event().wait()
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:  # noqa: ANN401 - as ASGI has it
            sent.append(message.get("body", b""))
            if sent[-1].startswith(b":"):
                beaten.set()

        beat = ServerEvent({}, "ping")
        response = await event_stream(Request(scope, receive), events(), heartbeat_ms=1, beat=beat)
        await response(scope, receive, send)

    asyncio.run(run())
    text = b"".join(sent).decode()
    assert text.startswith(": still here\n\nevent: ping\ndata: {}\n\n")
    assert text.endswith('event: told\ndata: {"answer":42}\n\ndata: [DONE]\n\n')


def test_raises_what_fails_before_the_first_event() -> None:
    fails_at = 0

    async def events() -> AsyncGenerator[ServerEvent, None]:
        for _ in range(fails_at):
            yield DONE
        raise ValueError("at once")

    async def run() -> None:
        request = Request({"type": "http", "state": {"call": Call()}})
        await event_stream(request, events(), heartbeat_ms=5_000)

    with pytest.raises(ValueError, match="at once"):
        asyncio.run(run())
