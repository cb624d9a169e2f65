"""The server as a program: its start, its end, its log and its metrics."""

import dataclasses
import json
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from mlx_app import EngineError
from mlx_app.server import ServerSettings, run_server
from server_process import (
    ENDLESS,
    PATIENCE_SECONDS,
    ask,
    next_event,
    read_events,
    serve,
    start,
    text_of,
)

CHAT = "/v1/chat/completions"
STORY = "Tell me a story."


def test_logs_and_counts_requests_and_lets_them_finish(answers: dict[str, str]) -> None:
    with serve(log_level="info", stderr=subprocess.PIPE) as server:
        reply = server.post(CHAT, ask("Say hello."))
        usage = reply.json["usage"]
        completion = 'mlx_completion_tokens_total{model="hello"}'
        assert server.metric(completion) == usage["completion_tokens"]
        count = f'mlx_http_requests_total{{method="POST",route="{CHAT}",status="200"}}'
        assert server.metric(count) == 1.0
        assert server.metric("mlx_ready") == 1.0
        with server.stream(STORY) as response:
            events = [next_event(response)]
            server.process.send_signal(signal.SIGTERM)
            events += read_events(response)
        assert text_of(events) == answers[STORY]
        assert events[-1] == "[DONE]"
        _, errors = server.process.communicate(timeout=PATIENCE_SECONDS)
        assert server.process.returncode == 0
    lines = [json.loads(line) for line in errors.splitlines()]
    line = next(line for line in lines if line.get("path") == CHAT)
    assert line["id"] == reply.headers["x-request-id"]
    assert line["status"] == 200
    assert line["completionTokens"] == usage["completion_tokens"]
    states = [line["state"] for line in lines if line["msg"] == "state"]
    assert states == ["loading", "ready", "stopping"]


def test_ends_at_once_at_the_second_signal() -> None:
    with serve() as server, server.stream(STORY, **ENDLESS) as response:
        next_event(response)
        server.process.send_signal(signal.SIGTERM)
        # It no longer listens.
        while is_listening(server.port):
            pass
        # Until then, it would be the first one again.
        later = time.monotonic() + 0.6
        while time.monotonic() < later:
            next_event(response)
        assert server.stop() == 128 + signal.SIGTERM
        events = read_events(response)
        assert events[-1]["error"]["code"] == "shutting_down"


def test_a_signal_that_comes_twice_lets_a_stream_finish() -> None:
    with serve() as server, server.stream(STORY, **{**ENDLESS, "max_tokens": 500}) as response:
        next_event(response)
        server.process.send_signal(signal.SIGTERM)
        server.process.send_signal(signal.SIGINT)
        events = read_events(response)
        assert events[-1] == "[DONE]"
        assert server.process.wait(PATIENCE_SECONDS) == 0


def is_listening(port: int) -> bool:
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0


def test_says_what_keeps_it_from_listening() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EngineError, match=f"Port {port} on 127.0.0.1 is already in use"):
            run_server(ServerSettings(port=port))


def test_needs_a_key_if_other_machines_can_reach_it() -> None:
    with pytest.raises(EngineError, match="so the server needs a key"):
        run_server(ServerSettings(host="0.0.0.0"))


def test_ends_if_its_model_cannot_be_loaded() -> None:
    process = start(model="./there-is-none", stderr=subprocess.PIPE)
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 1
    assert "there-is-none" in errors


@pytest.mark.parametrize(
    "settings",
    [{"port": 65_536}, {"max_tokens": 0}, {"log_level": "loud"}, {"allowed_origins": ["*"]}],
)
def test_refuses_invalid_settings(settings: dict[str, object]) -> None:
    with pytest.raises(EngineError) as raised:
        ServerSettings(**settings)  # type: ignore[arg-type]
    assert next(iter(settings)) in raised.value.message


def test_serves_the_route_of_its_documentation_behind_the_same_checks() -> None:
    key = {"authorization": "Bearer sesame"}
    with serve(api_key="sesame", grace_ms=100) as server:
        asked = {"text": "MLX runs models."}
        assert server.post("/summary", asked).status == 401
        reply = server.post("/summary", asked, key)
        assert reply.status == 200
        assert reply.json["summary"] != ""
        # What does not finish in time is told.
        with server.stream(STORY, headers=key, **ENDLESS) as response:
            next_event(response)
            server.process.send_signal(signal.SIGINT)
            assert read_events(response)[-1]["error"]["code"] == "shutting_down"
        assert server.process.wait(PATIENCE_SECONDS) == 0


def test_the_documentation_lists_all_settings() -> None:
    page = Path(__file__).parents[3].joinpath("docs/python-server.md").read_text("utf-8")
    listed = re.findall(r"^\| `(\w+)` \| (\S+) \|", page, re.MULTILINE)
    fields = dataclasses.fields(ServerSettings)
    assert re.findall(r"^\| `(\w+)` \|", page, re.MULTILINE) == [field.name for field in fields]
    defaults = {field.name: str(field.default) for field in fields}
    for name, default in listed:
        if default.isdigit():
            assert default == defaults[name], name
