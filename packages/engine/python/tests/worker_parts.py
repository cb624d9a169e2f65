"""What tests of the worker's parts share: a model's runner, and the loop around it."""

import queue
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlx_app.errors import EngineError
from mlx_app.models.text_model import TextModel
from mlx_app.protocol import (
    Done,
    Event,
    Failure,
    Generate,
    Message,
    Piece,
    Tokens,
    WorkerSettings,
)
from mlx_app.worker.background import Background
from mlx_app.worker.io.outbox import Outbox
from mlx_app.worker.loaded_model import LoadedModel
from mlx_app.worker.model_pool.eviction import LoadedModels
from mlx_app.worker.model_pool.model_defaults import ModelDefaults
from mlx_app.worker.model_pool.model_manager import ModelManager
from mlx_app.worker.runner.call import Call, ModelKey
from mlx_app.worker.runner.model_runner import ModelRunner
from mlx_app.worker.runner.prefill_chunk import PrefillChunkSizer
from mlx_app.worker.scheduler.admission import Admission
from mlx_app.worker.scheduler.scheduler import Scheduler
from mlx_app.worker.watchdog import Pulse

LARGE = 1 << 40


def request(call_id: int, question: str, **options: Any) -> Generate:  # noqa: ANN401
    messages = [Message(role="user", content=question)]
    return Generate(id=call_id, model="hello", messages=messages, **options)


def runner_of(
    model: TextModel, send: Callable[[Event], None] = lambda _: None, prompt_cache_bytes: int = 0
) -> ModelRunner:
    return ModelRunner(
        ModelKey("hello"),
        LoadedModel(model),
        ModelDefaults.of(model, "hello", WorkerSettings()),
        prompt_cache_bytes=prompt_cache_bytes,
        pinned=False,
        chunk_sizer=PrefillChunkSizer(),
        send=send,
    )


def call_of(runner: ModelRunner, asked: Generate) -> Call:
    """A call that is ready to start."""
    call = Call(asked)
    call.processed = runner.input_processor.process(asked)
    return call


def start(runner: ModelRunner, asked: Generate, draft: ModelRunner | None = None) -> Call:
    call = call_of(runner, asked)
    try:
        runner.start(call, draft)
    except Exception:
        runner.remove(call)
        raise
    return call


@dataclass
class Heard:
    """What was told of the sequences of one call, by their index."""

    pieces: dict[int, list[Piece]] = field(default_factory=dict)
    done: dict[int, Done] = field(default_factory=dict)
    error: EngineError | None = None

    def take(self, piece: Piece) -> None:
        assert piece.index not in self.done
        self.pieces.setdefault(piece.index, []).append(piece)

    def text(self, index: int = 0) -> str:
        return "".join(piece.text for piece in self.pieces.get(index, []))


def step(runner: ModelRunner, heard: dict[int, Heard]) -> None:
    for output in runner.step():
        one = heard.setdefault(output.call.id, Heard())
        assert one.error is None
        if output.piece is not None:
            one.take(output.piece)
        if output.done is not None:
            one.done[output.done.index] = output.done
        one.error = output.error


def finish(runner: ModelRunner, heard: dict[int, Heard] | None = None) -> dict[int, Heard]:
    """Steps until no call is left; gives what was told, by the calls' ids."""
    found = {} if heard is None else heard
    while runner.running:
        step(runner, found)
    return found


class Loop:
    """Models and calls for text as the worker has them, without its standard streams."""

    def __init__(self, directory: Path, limit_bytes: int = LARGE) -> None:
        self._inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
        # All that was sent.
        self.events: list[Event] = []
        outbox = Outbox(self.events.append)
        background = Background(self._inbox)
        pulse = Pulse()
        self.admission = Admission(limit_bytes)
        self.models = ModelManager(
            outbox=outbox,
            background=background,
            directory=directory,
            loaded=LoadedModels(LARGE, None),
            prompt_cache_bytes=0,
            settings=WorkerSettings(),
            pulse=pulse,
            on_unload=lambda runner, reason: self.scheduler.on_unload(runner, reason),
        )
        self.scheduler = Scheduler(
            outbox=outbox,
            background=background,
            models=self.models,
            admission=self.admission,
            queue_limit=100,
            pulse=pulse,
        )

    def run(self, until: Callable[[], bool]) -> None:
        """Goes on until the condition holds."""
        while not until():
            wait = not (self.scheduler.busy or self.models.busy)
            try:
                self._inbox.get(block=wait, timeout=120 if wait else None)()
            except queue.Empty:
                assert not wait, "Nothing happens any more."
            self.scheduler.advance()
            self.models.advance()

    def finish(self) -> dict[int, Heard]:
        """Goes on until all calls have ended; gives what was told of each."""
        self.run(lambda: self.scheduler.active + self.scheduler.queued == 0)
        heard: dict[int, Heard] = {}
        for event in self.events:
            match event:
                case Tokens():
                    for piece in event.pieces:
                        heard.setdefault(piece.id, Heard()).take(piece)
                case Done():
                    heard.setdefault(event.id, Heard()).done[event.index] = event
                case Failure() if event.id is not None:
                    error = EngineError(event.code, event.message, event.hint)
                    heard.setdefault(event.id, Heard()).error = error
                case _:
                    pass
        return heard
