"""Dispatches the requests of the engine, and runs the loop on MLX's thread."""

import os
import queue
import sys
import threading
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import assert_never

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
    Event,
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
    WorkerSettings,
)
from ..protocol import (
    Models as ModelsRequest,
)
from .background import Background
from .io.channel import TooLong
from .io.outbox import Outbox
from .model_pool.eviction import LoadedModels
from .model_pool.model_manager import ModelManager
from .requests.model_files import ModelFileRequests
from .requests.tokens_and_embeddings import TokenAndEmbeddingRequests
from .runner.model_runner import ModelRunner
from .scheduler.admission import Admission
from .scheduler.scheduler import Scheduler
from .watchdog import Pulse

# The default size of a model's prompt cache.
PROMPT_CACHE_BYTES = 2 * 1024**3


class Worker:
    """Answers the requests that arrive in an inbox: requests, or their lines in the protocol."""

    def __init__(
        self,
        inbox: "queue.SimpleQueue[object]",
        send: Callable[[Event], None],
        *,
        models_directory: Path,
        model_folders: Sequence[Path] = (),
        memory_limit: int,
        prompt_cache_bytes: int | None = None,
        queue_limit: int = 1024,
        idle_seconds: float | None = None,
        settings: WorkerSettings | None = None,
    ) -> None:
        self._inbox = inbox
        self._decoder: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
        self._outbox = Outbox(send)
        self._background = Background(inbox)
        self._stopping = False
        self.pulse = Pulse()
        self._models_directory = models_directory
        self._model_folders = model_folders
        self._memory_limit = memory_limit
        self._loaded: LoadedModels[ModelRunner] = LoadedModels(memory_limit, idle_seconds)
        self._models = ModelManager(
            outbox=self._outbox,
            background=self._background,
            directory=models_directory,
            loaded=self._loaded,
            prompt_cache_bytes=(
                min(PROMPT_CACHE_BYTES, memory_limit // 8)
                if prompt_cache_bytes is None
                else prompt_cache_bytes
            ),
            settings=settings or WorkerSettings(),
            pulse=self.pulse,
            on_unload=self._on_unload,
        )
        self._scheduler = Scheduler(
            outbox=self._outbox,
            background=self._background,
            models=self._models,
            admission=Admission(memory_limit),
            queue_limit=queue_limit,
            pulse=self.pulse,
        )
        self._token_requests = TokenAndEmbeddingRequests(
            self._outbox, self._background, self._models, self.pulse
        )
        self._file_requests = ModelFileRequests(
            self._outbox,
            self._background,
            self._models,
            directory=models_directory,
            memory_limit=memory_limit,
        )

    def serve(self) -> None:
        """Answers requests until `stop` is called."""
        self._outbox.send(
            Ready(
                protocol=PROTOCOL_VERSION,
                pid=os.getpid(),
                python=sys.version.split()[0],
                mlx=version("mlx"),
                mlx_lm=version("mlx-lm"),
                mlx_app=_own_version(),
                device="gpu" if mx.default_device().type == mx.DeviceType.gpu else "cpu",
            )
        )
        try:
            while not self._stopping:
                self._handle_arrived()
                self._scheduler.advance()
                self._token_requests.advance()
                self._models.advance()
                self._models.unload_idle()
        finally:
            self._background.close()

    def stop(self) -> None:
        """Ends `serve` between two steps, without events for the calls in progress. Thread-safe."""

        def stop() -> None:
            self._stopping = True

        self._inbox.put(stop)

    @property
    def idle(self) -> bool:
        """Whether no request waits for anything. May be read on any thread."""
        return self.pulse.waiting and not (self._background.busy or self._file_requests.busy)

    def _on_unload(self, runner: ModelRunner, reason: str) -> None:
        self._scheduler.on_unload(runner, reason)
        self._token_requests.on_unload(runner, reason)

    def _busy(self) -> bool:
        return bool(self._scheduler.busy or self._token_requests.busy or self._models.busy)

    def _handle_arrived(self) -> None:
        """Handles all lines and tasks that have arrived; waits for one if there is no work."""
        wait = not self._busy()
        while True:
            self.pulse.waiting = wait
            try:
                item = self._inbox.get(
                    block=wait, timeout=self._seconds_to_wait() if wait else None
                )
            except queue.Empty:
                return
            finally:
                self.pulse.waiting = wait = False
            if callable(item):
                item()
            elif isinstance(item, Request):
                self._handle_request(item)
            else:
                self._handle_line(item)

    def _seconds_to_wait(self) -> float:
        now = time.monotonic()
        wakes = [self._scheduler.next_wake(now), self._loaded.next_wake()]
        return min([threading.TIMEOUT_MAX, *(wake for wake in wakes if wake is not None)])

    def _handle_line(self, line: object) -> None:
        if not isinstance(line, bytes):
            assert isinstance(line, TooLong)
            self._refuse(None, "A line is over the protocol's limit.")
            return
        try:
            request = self._decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            self._refuse(_id_of(line), f"Not understood: {error}")
            return
        self._handle_request(request)

    def _handle_request(self, request: Request) -> None:
        if not isinstance(request, Cancel) and self._in_use(request.id):
            self._refuse(request.id, f"The id {request.id} is in use.")
            return
        try:
            self._handle(request)
        except EngineError as error:
            self._outbox.fail(request.id, error)

    def _handle(self, request: Request) -> None:
        match request:
            case Generate():
                self._scheduler.add(request)
            case Cancel():
                self._scheduler.cancel(request.id)
                self._token_requests.cancel(request.id)
                self._file_requests.cancel(request.id)
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
                self._token_requests.embed(request)
            case Tokenise():
                self._token_requests.tokenise(request)
            case Detokenise():
                self._token_requests.detokenise(request)
            case Download():
                self._file_requests.download(request)
            case Verify():
                self._file_requests.verify(request)
            case Remove():
                self._file_requests.remove(request)
            case Clean():
                self._file_requests.clean(request)
            case Describe():
                self._file_requests.describe(request)
            case _:
                assert_never(request)

    def _in_use(self, call_id: int) -> bool:
        return (
            call_id in self._scheduler
            or call_id in self._token_requests
            or call_id in self._file_requests
            or call_id in self._models.load_ids()
        )

    def _refuse(self, call_id: int | None, message: str) -> None:
        # A wrong line must not end the call whose id it has.
        if call_id is not None and self._in_use(call_id):
            call_id = None
        self._outbox.fail(call_id, EngineError("INVALID_REQUEST", message))

    def _status(self, call_id: int) -> StatusReport:
        return StatusReport(
            id=call_id,
            models=self._models.describe(),
            active=self._scheduler.active,
            queued=self._scheduler.queued,
            memory_bytes=mx.get_active_memory(),
            cache_bytes=mx.get_cache_memory(),
            peak_memory_bytes=mx.get_peak_memory(),
            memory_limit_bytes=self._memory_limit,
            prompt_cache_bytes=self._models.kept_prompt_bytes,
            steps=self._scheduler.steps,
            last_step_at=self.pulse.last_step_at,
        )

    def _report_models(self, call_id: int) -> None:
        try:
            models = list(on_disk(self._models_directory, self._model_folders))
            report = ModelsReport(id=call_id, models=models)
        except OSError as error:
            self._refuse(call_id, f"Can't read the models folder: {error}")
            return
        self._outbox.send(report)


def _id_of(line: bytes) -> int | None:
    """Returns the id of a request that is otherwise wrong, so that its caller gets the error."""
    try:
        value = msgspec.json.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    found = value.get("id") if isinstance(value, dict) else None
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None


def _own_version() -> str | None:
    """Returns the version of this package, or None if its code is run from the sources."""
    try:
        return version("mlx-app")
    except PackageNotFoundError:
        return None
