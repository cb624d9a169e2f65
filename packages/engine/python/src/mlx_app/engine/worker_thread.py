"""Runs the worker on a thread of this process."""

import atexit
import itertools
import os
import queue
import sys
import threading
import traceback
import weakref
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec

from ..errors import EngineError
from ..protocol import (
    Cancel,
    Event,
    Failure,
    Fatal,
    Progress,
    PromptProgress,
    Ready,
    Request,
    Tokens,
    Unloaded,
)
from .explain import explain
from .mailbox import Item, Put

if TYPE_CHECKING:
    from ..worker.worker import Worker

Device = Literal["auto", "gpu", "cpu"]

# A step of a large model on a CPU may take seconds. The interpreter does not wait longer for one.
STOP_SECONDS = 30


@dataclass(frozen=True)
class WorkerSettings:
    """What `MLXEngine` takes for its worker; see there."""

    device: Device
    models_directory: Path
    memory_limit_bytes: int | None
    prompt_cache_bytes: int | None
    queue_limit: int
    idle_unload_seconds: float | None


class WorkerThread:
    """The worker's scheduler on a thread of its own, which ends with the interpreter.

    Its methods may be called on any thread.
    """

    def __init__(self, settings: WorkerSettings) -> None:
        self._settings = settings
        self._inbox: queue.SimpleQueue[object] = queue.SimpleQueue()
        self._ids = itertools.count(1)
        # The reader of each call, until its last event.
        self._readers: dict[int, tuple[Put, int]] = {}
        # Reentrant, since the garbage collector may end a stream, which cancels its call.
        self._lock = threading.RLock()
        self._worker: Worker | None = None
        # Why no further call can be made.
        self._ended: EngineError | None = None
        self._pid = os.getpid()
        self.ready: Future[Ready] = Future()
        self._thread = threading.Thread(target=self._run, name="mlx-app", daemon=True)
        self._thread.start()
        _running.add(self)

    def submit(self, request: Request, put: Put, *, answers: int = 1) -> int:
        """Sends a request and returns its id.

        `put` gets each event of the request, until the given number of answers or an error.
        """
        self.check()
        call_id = next(self._ids)
        with self._lock:
            if self._ended is not None:
                raise self._ended
            self._readers[call_id] = (put, answers)
        self._inbox.put(msgspec.structs.replace(request, id=call_id))
        return call_id

    def cancel(self, call_id: int) -> None:
        """Ends a request without a further event. An id that has ended is ignored."""
        if os.getpid() != self._pid:
            return
        with self._lock:
            if self._readers.pop(call_id, None) is None:
                return
        self._inbox.put(Cancel(id=call_id))

    def check(self) -> None:
        """Raises EngineError in a process that was forked from the engine's."""
        if os.getpid() != self._pid:
            raise EngineError(
                "UNSUPPORTED",
                "This process was forked from the one in which the engine runs, and threads don't "
                "survive a fork.",
                "Create the engine in each process after the fork, or start processes with "
                "multiprocessing's method 'spawn'.",
            )

    def close(self) -> None:
        """Ends the thread and waits for it. Calls in progress fail with DISPOSED."""
        if os.getpid() != self._pid:
            return
        _running.discard(self)
        self._end(disposed_error())
        # Whether or not the worker has been created, it gets to this before any request.
        self._inbox.put(self._stop)
        if self._thread is not threading.current_thread():
            self._thread.join(STOP_SECONDS)

    def _stop(self) -> None:
        if self._worker is not None:
            self._worker.stop()

    def _run(self) -> None:
        try:
            self._worker = self._create()
            self._worker.serve()
        except EngineError as error:
            self._fail(error)
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            self._fail(EngineError("INTERNAL", f"The engine failed: {error!r}"))
        finally:
            # Frees the models on the thread that has loaded them, and then the thread's streams:
            # MLX would abort the process at its end if it met them there.
            self._worker = None
            _clear_streams()

    def _create(self) -> "Worker":
        check_mlx()
        from ..quick_import import install as quicken_imports

        quicken_imports()
        import mlx.core as mx

        from ..memory import memory_limit
        from ..mlx_lm_adapter.models import wire_memory
        from ..worker.worker import Worker

        settings = self._settings
        if settings.device == "gpu" and not mx.is_available(mx.gpu):
            raise EngineError("MLX_NOT_WORKING", "MLX finds no GPU on this machine.")
        if settings.device != "auto":
            mx.set_default_device(mx.gpu if settings.device == "gpu" else mx.cpu)
        wire_memory()
        return Worker(
            self._inbox,
            self._deliver,
            models_directory=settings.models_directory,
            memory_limit=memory_limit(settings.memory_limit_bytes),
            prompt_cache_bytes=settings.prompt_cache_bytes,
            queue_limit=settings.queue_limit,
            idle_seconds=settings.idle_unload_seconds,
        )

    def _deliver(self, event: Event) -> None:
        """Passes an event of the worker to the reader of its call."""
        match event:
            case Tokens():
                for piece in event.pieces:
                    reader = self._readers.get(piece.id)
                    if reader is not None:
                        reader[0](piece)
            case Ready():
                self.ready.set_result(event)
            case Progress() | PromptProgress():
                reader = self._readers.get(event.id)
                if reader is not None:
                    reader[0](event)
            case Failure() if event.id is not None:
                self._last(event.id, explain(event))
            case Unloaded(id=None) | Failure() | Fatal():
                # Models made room for another one. The others are events of a worker process.
                return
            case _ if event.id is not None:
                self._last(event.id, event)

    def _last(self, call_id: int, item: Item) -> None:
        """Passes on an answer or an error, with which a call ends unless it has further answers."""
        with self._lock:
            put, answers = self._readers.get(call_id, (None, 0))
            if put is None:
                return
            if answers > 1 and not isinstance(item, EngineError):
                self._readers[call_id] = (put, answers - 1)
            else:
                del self._readers[call_id]
        put(item)

    def _end(self, error: EngineError) -> None:
        """Fails the calls in progress, and all further ones."""
        with self._lock:
            if self._ended is None:
                self._ended = error
            readers = list(self._readers.values())
            self._readers.clear()
        for put, _ in readers:
            put(error)

    def _fail(self, error: EngineError) -> None:
        self._end(error)
        if not self.ready.done():
            self.ready.set_exception(error)


def _clear_streams() -> None:
    mlx = sys.modules.get("mlx.core")
    if mlx is not None:
        mlx.clear_streams()


def check_mlx() -> None:
    """Raises EngineError SETUP_NEEDED or MLX_NOT_WORKING unless MLX computes on this machine."""
    try:
        import mlx.core as mx

        # A wheel for another system still imports, as an empty package: only a result proves MLX.
        if mx.sum(mx.arange(4)).item() != 6:
            raise RuntimeError("the sum of 0, 1, 2, 3 is not 6")
    except ModuleNotFoundError as error:
        raise EngineError("SETUP_NEEDED", f"{sys.executable} has no {error.name}.") from error
    except Exception as error:
        raise EngineError("MLX_NOT_WORKING", f"MLX does not compute here: {error!r}") from error


def disposed_error() -> EngineError:
    """Returns the error of a call to an engine that was closed."""
    return EngineError("DISPOSED", "The engine was closed.", "Create another MLXEngine.")


_running: "weakref.WeakSet[WorkerThread]" = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    """Ends all threads while the interpreter is still whole: one inside MLX would crash later."""
    for thread in list(_running):
        thread.close()
