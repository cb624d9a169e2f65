"""The server as a process, and requests to it."""

import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

SOURCE = Path(__file__).resolve().parents[2] / "src"
PROGRAM = Path(__file__).with_name("served_app.py")
# A server that says nothing for so long hangs.
PATIENCE_SECONDS = 120
# With these options, an answer ends only with its token limit.
ENDLESS: dict[str, Any] = {"max_tokens": 30_000, "logit_bias": {"0": -100, "1": -100, "2": -100}}


@dataclass(frozen=True)
class Reply:
    """A whole response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 - any JSON
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The code of an error."""
        code: str = self.json["error"]["code"]
        return code


class Server:
    """A server that runs in a process."""

    def __init__(self, url: str, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.port = urlsplit(url).port or 0

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Reply:
        return self.send("GET", path, None, headers)

    def post(
        self,
        path: str,
        body: object,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send(
            "POST", path, data, {"content-type": "application/json", **(headers or {})}
        )

    def send(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        connection = self.connect()
        try:
            connection.request(method, path, body, dict(headers or {}))
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, found, response.read())
        finally:
            connection.close()

    @contextmanager
    def stream(
        self, question: str, headers: Mapping[str, str] | None = None, **options: object
    ) -> Iterator[http.client.HTTPResponse]:
        """Opens a stream. Leaving the block closes its connection."""
        connection = self.connect()
        body = json.dumps({**ask(question), "stream": True, **options}).encode()
        try:
            connection.request(
                "POST",
                "/v1/chat/completions",
                body,
                {"content-type": "application/json", **(headers or {})},
            )
            yield connection.getresponse()
        finally:
            connection.close()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)

    def metric(self, name: str) -> float:
        """Returns the value of a metric, whose name includes its labels."""
        for line in self.get("/metrics").body.decode().splitlines():
            if line.startswith(f"{name} "):
                return float(line.split()[-1])
        return 0.0


def ask(question: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": question}]}


def read_events(response: http.client.HTTPResponse) -> list[Any]:
    """Reads a stream to its end. `[DONE]` stays a text."""
    return [event for line in response if (event := _event(line)) is not None]


def next_event(response: http.client.HTTPResponse) -> Any:  # noqa: ANN401 - any JSON
    """Returns the next event of a stream."""
    while (event := _event(response.readline())) is None:
        pass
    return event


def _event(line: bytes) -> Any:  # noqa: ANN401 - any JSON
    if not line.startswith(b"data: "):
        return None
    data = line.removeprefix(b"data: ").strip()
    return "[DONE]" if data == b"[DONE]" else json.loads(data)


def text_of(events: list[Any]) -> str:
    choices = [choice for event in events if event != "[DONE]" for choice in event["choices"]]
    return "".join(choice["delta"].get("content", "") for choice in choices)


def start(*, stderr: int | None = None, **settings: object) -> "subprocess.Popen[str]":
    given = {"port": 0, "device": "cpu", "log_level": "silent", **settings}
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), json.dumps(given)],
        stdout=subprocess.PIPE,
        stderr=stderr,
        text=True,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    )


@contextmanager
def serve(*, stderr: int | None = None, **settings: object) -> Iterator[Server]:
    """Runs a server whose model is in memory, until the end of the block."""
    process = start(stderr=stderr, **settings)
    try:
        assert process.stdout is not None
        # The model may be ready before the server listens.
        lines = [process.stdout.readline() for _ in range(2)]
        [url] = [line.split()[-1] for line in lines if line.startswith("Listening on ")]
        yield Server(url, process)
    finally:
        process.kill()
        process.wait()
        for output in (process.stdout, process.stderr):
            if output is not None:
                output.close()
