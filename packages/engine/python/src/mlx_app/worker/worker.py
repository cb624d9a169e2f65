"""Everything that happens on MLX's thread."""

import os
import queue
import sys
import time
from importlib.metadata import version
from pathlib import Path

import mlx.core as mx
import msgspec

from ..errors import EngineError
from ..models.locate import on_disk
from ..protocol import (
    PROTOCOL_VERSION,
    Cancel,
    Clean,
    Describe,
    Detokenise,
    Download,
    Embed,
    Generate,
    Load,
    ModelsReport,
    Ready,
    Remove,
    Request,
    Status,
    StatusReport,
    Tokenise,
    Unload,
    Verify,
)
from ..protocol import (
    Models as ModelsRequest,
)
from .background import Background
from .io.channel import Channel, TooLong
from .io.outbox import Outbox
from .model_pool.eviction import Shelf
from .model_pool.model_manager import Models
from .requests.model_files import ModelFiles
from .requests.tokens_and_embeddings import ShortCalls
from .runner.model_runner import Serving
from .scheduler.admission import Admission
from .scheduler.scheduler import Generating

# What the prompt cache of a model may take, where nothing else is said.
PROMPT_CACHE_BYTES = 2 * 1024**3


class Worker:
    """Takes requests from the channel and answers them."""

    def __init__(
        self,
        channel: Channel,
        *,
        models_directory: Path,
        memory_limit: int,
        prompt_cache_bytes: int | None = None,
        queue_limit: int = 1024,
        idle_seconds: float | None = None,
    ) -> None:
        self._inbox = channel.inbox
        self._decoder: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
        self._outbox = Outbox(channel)
        self._background = Background(channel.inbox)
        self._models_directory = models_directory
        self._memory_limit = memory_limit
        self._shelf: Shelf[Serving] = Shelf(memory_limit, idle_seconds)
        self._models = Models(
            outbox=self._outbox,
            background=self._background,
            directory=models_directory,
            shelf=self._shelf,
            prompt_cache_bytes=(
                min(PROMPT_CACHE_BYTES, memory_limit // 8)
                if prompt_cache_bytes is None
                else prompt_cache_bytes
            ),
            on_unload=self._on_unload,
        )
        self._generating = Generating(
            outbox=self._outbox,
            background=self._background,
            models=self._models,
            admission=Admission(memory_limit),
            queue_limit=queue_limit,
        )
        self._short = ShortCalls(self._outbox, self._background, self._models)
        self._files = ModelFiles(
            self._outbox,
            self._background,
            self._models,
            directory=models_directory,
            memory_limit=memory_limit,
        )

    def serve(self) -> None:
        """Loops for good; the channel ends the process when standard input ends."""
        self._outbox.send(
            Ready(
                protocol=PROTOCOL_VERSION,
                pid=os.getpid(),
                python=sys.version.split()[0],
                mlx=version("mlx"),
                mlx_lm=version("mlx-lm"),
                device="gpu" if mx.default_device().type == mx.DeviceType.gpu else "cpu",
            )
        )
        while True:
            self._take_all()
            self._generating.advance()
            self._short.advance()
            self._models.advance()
            self._models.unload_idle(time.monotonic())

    def _on_unload(self, serving: Serving, reason: str) -> None:
        self._generating.on_unload(serving, reason)
        self._short.on_unload(serving, reason)

    def _busy(self) -> bool:
        return bool(self._generating.busy or self._short.busy or self._models.busy)

    def _take_all(self) -> None:
        """Handles all that has arrived; waits for the first of it if there is nothing to do."""
        wait = not self._busy()
        while True:
            try:
                item = self._inbox.get(block=wait, timeout=self._patience() if wait else None)
            except queue.Empty:
                return
            wait = False
            if callable(item):
                item()
            else:
                self._take_line(item)

    def _patience(self) -> float | None:
        now = time.monotonic()
        wakes = [self._generating.next_wake(now), self._shelf.next_wake(now)]
        return min((wake for wake in wakes if wake is not None), default=None)

    def _take_line(self, line: object) -> None:
        if not isinstance(line, bytes):
            assert isinstance(line, TooLong)
            self._refuse(None, "A line is over the protocol's limit.")
            return
        try:
            request = self._decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            self._refuse(_id_of(line), f"Not understood: {error}")
            return
        if not isinstance(request, Cancel) and self._in_use(request.id):
            self._refuse(request.id, f"The id {request.id} is in use.")
            return
        try:
            self._take(request)
        except EngineError as error:
            self._outbox.fail(request.id, error)

    def _take(self, request: Request) -> None:
        match request:
            case Generate():
                self._generating.take(request)
            case Cancel():
                self._generating.cancel(request.id)
                self._short.cancel(request.id)
                self._files.cancel(request.id)
                self._models.cancel(request.id)
            case Load():
                self._models.load(request)
            case Unload():
                self._models.unload(request)
            case Status():
                self._outbox.send(self._status(request.id))
            case ModelsRequest():
                self._background.submit(lambda: self._report_models(request.id))
            case Embed():
                self._short.embed(request)
            case Tokenise():
                self._short.tokenise(request)
            case Detokenise():
                self._short.detokenise(request)
            case Download():
                self._files.download(request)
            case Verify():
                self._files.verify(request)
            case Remove():
                self._files.remove(request)
            case Clean():
                self._files.clean(request)
            case Describe():
                self._files.describe(request)

    def _in_use(self, call_id: int) -> bool:
        return (
            call_id in self._generating
            or call_id in self._short
            or call_id in self._files
            or call_id in self._models.loads()
        )

    def _refuse(self, call_id: int | None, message: str) -> None:
        # A line that is wrong must not end the call that has its id.
        if call_id is not None and self._in_use(call_id):
            call_id = None
        self._outbox.fail(call_id, EngineError("INVALID_REQUEST", message))

    def _status(self, call_id: int) -> StatusReport:
        loaded = self._models.in_memory()
        return StatusReport(
            id=call_id,
            models=[serving.describe() for serving in loaded],
            active=self._generating.active,
            queued=self._generating.queued,
            memory_bytes=mx.get_active_memory(),
            cache_bytes=mx.get_cache_memory(),
            peak_memory_bytes=mx.get_peak_memory(),
            memory_limit_bytes=self._memory_limit,
            prompt_cache_bytes=sum(serving.prompts_read.cache.bytes for serving in loaded),
            steps=self._generating.steps,
        )

    def _report_models(self, call_id: int) -> None:
        try:
            report = ModelsReport(id=call_id, models=list(on_disk(self._models_directory)))
        except OSError as error:
            self._refuse(call_id, f"The folder of the models can't be read: {error}")
            return
        self._outbox.send(report)


def _id_of(line: bytes) -> int | None:
    """The id of a request that is wrong in something else, so that its caller learns of it."""
    try:
        value = msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    found = value.get("id") if isinstance(value, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None
