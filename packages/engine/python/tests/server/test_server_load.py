"""Streams under load, limits on them, and clients that leave."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing

import pytest

from server_process import ENDLESS, Server, ask, next_event, read_events, serve, text_of

CHAT = "/v1/chat/completions"
STORY = "Tell me a story."


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with serve(streams_per_key=1000, queue_limit=1) as running:
        yield running


def wait_for(server: Server, active: int) -> None:
    """Waits until so many generations run. The test hangs, and is ended, if they never do."""
    while server.metric("mlx_generations_active") != active:
        pass


def test_finishes_concurrent_streams(server: Server, answers: dict[str, str]) -> None:
    def read(_: int) -> str:
        with server.stream(STORY) as response:
            events = read_events(response)
        assert events[-1] == "[DONE]"
        return text_of(events)

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(read, range(16))) == [answers[STORY]] * 16


def test_a_client_that_leaves_frees_its_place(server: Server, answers: dict[str, str]) -> None:
    with server.stream(STORY, **ENDLESS) as response:
        next_event(response)
        wait_for(server, 1)
    wait_for(server, 0)
    cancelled = 'mlx_generations_total{model="hello",outcome="client_closed_request"}'
    assert server.metric(cancelled) == 1.0
    # A client that waits for a whole answer may leave too.
    connection = server.connect()
    body = json.dumps({**ask(STORY), **ENDLESS})
    connection.request("POST", CHAT, body, {"content-type": "application/json"})
    wait_for(server, 1)
    connection.close()
    wait_for(server, 0)
    assert server.metric(cancelled) == 2.0
    assert (
        server.post(CHAT, ask("Say hello.")).json["choices"][0]["message"]["content"]
        == (answers["Say hello."])
    )


def test_limits_the_requests_and_the_time_of_a_caller() -> None:
    with serve(streams_per_key=1, request_timeout_ms=1500) as server:
        with server.stream(STORY, **ENDLESS) as response:
            next_event(response)
            reply = server.post(CHAT, ask("Say hello."))
            assert (reply.status, reply.code) == (429, "too_many_requests")
            assert reply.headers["retry-after"] == "1"
            events = read_events(response)
        # The status was sent with the first event, so the last one is the error.
        assert response.status == 200
        assert events[-1]["error"]["code"] == "timeout"
        reply = server.post(CHAT, {**ask(STORY), **ENDLESS})
        assert (reply.status, reply.code) == (504, "timeout")


def test_rejects_requests_over_the_queue_limit(server: Server) -> None:
    # More than the batch and the queue have places for.
    with ExitStack() as streams:
        connections = [streams.enter_context(closing(server.connect())) for _ in range(80)]
        for connection in connections:
            body = json.dumps({**ask(STORY), **ENDLESS, "stream": True})
            connection.request("POST", CHAT, body, {"content-type": "application/json"})
        reply = connections[-1].getresponse()
        assert reply.status == 429
        assert reply.getheader("retry-after") == "1"
        assert json.loads(reply.read())["error"]["code"] == "queue_full"
    wait_for(server, 0)


def test_tells_the_progress_of_the_prompt(server: Server) -> None:
    with server.stream("word " * 3000, return_progress=True, max_tokens=1) as response:
        events = read_events(response)
    progress = [event["prompt_progress"] for event in events[:-1] if "prompt_progress" in event]
    assert progress
    assert progress[-1]["processed"] <= progress[-1]["total"]
