"""The worker as a process, with the protocol of the engine."""

import base64
import itertools
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

Event = dict[str, Any]

SOURCE = Path(__file__).resolve().parents[1] / "src"
# A worker that says nothing for so long hangs.
PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Answer:
    """What a call got: its text, by the index of the sequence, and the events that ended it."""

    texts: list[str]
    ends: list[Event]

    @property
    def text(self) -> str:
        return self.texts[0]

    @property
    def reason(self) -> str:
        reason: str = self.ends[0]["finishReason"]
        return reason


class Refused(Exception):  # noqa: N818 - an answer of the worker, no fault of a test
    """The worker's error for a call."""

    def __init__(self, event: Event) -> None:
        super().__init__(f"{event['code']}: {event['message']}")
        self.code: str = event["code"]
        self.hint: str | None = event.get("hint")


class WorkerProcess:
    """One call after the other by `ask`; several at once by `say` and `hear`."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._heard: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._ids = itertools.count(1)
        threading.Thread(target=self._read, daemon=True).start()

    def say(self, kind: str, **fields: object) -> int:
        """Sends a request and gives its id."""
        call_id = next(self._ids)
        self._send({"type": kind, "id": call_id, **fields})
        return call_id

    def cancel(self, call_id: int) -> None:
        self._send({"type": "cancel", "id": call_id})

    def hear(self) -> Event:
        """The next event."""
        return self._heard.get(timeout=PATIENCE_SECONDS)

    def until(self, wanted: Callable[[Event], bool]) -> list[Event]:
        """All events up to the first that is wanted, with it."""
        events = [self.hear()]
        while not wanted(events[-1]):
            events.append(self.hear())
        return events

    def ask(self, kind: str, **fields: object) -> Event:
        """The one event that answers a request. Raises Refused."""
        call_id = self.say(kind, **fields)
        event = self.until(lambda event: event.get("id") == call_id and not _is_progress(event))[-1]
        if event["type"] == "error":
            raise Refused(event)
        return event

    def generate(self, model: str, content: object, **fields: Any) -> Answer:  # noqa: ANN401 - JSON
        """The answer to one message of the user, or to a list of messages. Raises Refused."""
        call_id = self.say("generate", model=model, **{**chat(content), **fields})
        count = fields.get("n", 1)
        ended = 0
        events: list[Event] = []
        while ended < count:
            events.append(self.hear())
            if events[-1].get("id") != call_id:
                continue
            if events[-1]["type"] == "error":
                raise Refused(events[-1])
            ended += events[-1]["type"] == "done"
        return answer_of(call_id, events, count)

    def _send(self, request: Event) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(request).encode() + b"\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            event = json.loads(line)
            # They come by the clock.
            if event["type"] != "heartbeat":
                self._heard.put(event)


@contextmanager
def worker_process(models: Path, *options: str) -> Iterator[WorkerProcess]:
    """A worker for the models of a folder; ends when its standard input does, with exit code 0."""
    command = [sys.executable, "-m", "mlx_app.worker", "--device", "cpu", "--models", str(models)]
    with subprocess.Popen(
        [*command, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(SOURCE)},
    ) as process:
        worker = WorkerProcess(process)
        try:
            ready = worker.hear()
            assert ready["type"] == "ready", ready
            yield worker
            assert process.stdin is not None
            process.stdin.close()
            assert process.wait(PATIENCE_SECONDS) == 0
        finally:
            process.kill()


def _is_progress(event: Event) -> bool:
    return event["type"] in ("progress", "promptProgress")


def answer_of(call_id: int, events: list[Event], count: int = 1) -> Answer:
    """What these events tell of one call."""
    texts = [""] * count
    for piece in pieces_of(call_id, events):
        texts[piece.get("index", 0)] += piece.get("text", "")
    ends = [event for event in events if event["type"] == "done" and event["id"] == call_id]
    return Answer(texts, sorted(ends, key=lambda end: end.get("index", 0)))


def pieces_of(call_id: int, events: list[Event]) -> list[Event]:
    """The pieces of one call."""
    return [
        piece
        for event in events
        if event["type"] == "tokens"
        for piece in event["pieces"]
        if piece["id"] == call_id
    ]


def chat(content: object) -> dict[str, Any]:
    """Messages: a list of them as it is, anything else as what the user says."""
    if isinstance(content, list) and content and "role" in content[0]:
        return {"messages": content}
    return {"messages": [{"role": "user", "content": content}]}


def parts(*given: str | bytes) -> list[dict[str, str]]:
    """A content: texts, and images as the bytes of their files."""
    return [
        {"type": "text", "text": part}
        if isinstance(part, str)
        else {"type": "image", "data": base64.b64encode(part).decode()}
        for part in given
    ]


def picture(colour: str, size: tuple[int, int] = (64, 64)) -> bytes:
    """A PNG of one colour. Needs the extra."""
    from PIL import Image

    file = BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return file.getvalue()
