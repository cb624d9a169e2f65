"""Runs the worker on a thread of this process."""

import atexit
import os
import queue
import sys
import threading
import traceback
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ..errors import EngineError
from ..mlx_device import check_mlx, use_device
from ..protocol import Cancel, Ready, Request
from .calls import Calls
from .explain import with_hint
from .forks import check_not_forked, forked_error
from .interpreter_exit import InterpreterExit, exit_without_waiting, hold_daemon_threads
from .mailbox import Put
from .settings import EngineSettings

if TYPE_CHECKING:
    from ..worker.watchdog import Pulse, Watchdog
    from ..worker.worker import Worker

# A step of a large model on a CPU may take seconds. The interpreter does not wait longer for one.
STOP_SECONDS = 30

# Half of the bound, if that is shorter.
UNREADY_SECONDS = 8

Inbox = queue.SimpleQueue[object]


class WorkerThread:
    """The worker's scheduler on a thread of its own.

    The thread ends with `close`, with the interpreter, or when nobody refers to this object any
    more. The methods may be called on any thread.
    """

    def __init__(self, settings: EngineSettings, model_folders: Sequence[Path] = ()) -> None:
        check_not_forked()
        self._pid = os.getpid()
        self._calls = Calls()
        self._running = _Running(settings, model_folders, self._calls)
        self._running.start()
        finalizer = weakref.finalize(self, self._running.stop)
        # There is `_close_all`.
        finalizer.atexit = False

    @property
    def ready(self) -> Future[Ready]:
        """The first event of the worker, or why it did not start."""
        return self._calls.ready

    @property
    def is_stalled(self) -> bool:
        """Whether there has been work for a while, but no step of a model."""
        return self._running.stalled_seconds >= min(
            UNREADY_SECONDS, self._running.settings.stall_timeout_ms / 2000
        )

    @property
    def pulse(self) -> "Pulse":
        """What the thread does now. The engine must have started."""
        assert self._running.worker is not None
        return self._running.worker.pulse

    @property
    def last_step_at(self) -> float | None:
        """Unix time of the last step in milliseconds; None before it."""
        return None if self._running.worker is None else self.pulse.last_step_at

    def run(self, task: Callable[[], object]) -> None:
        """Runs a task on the thread, between two steps."""
        self._running.inbox.put(task)

    def submit(self, request: Request, put: Put, *, answers: int = 1) -> int:
        """Sends a request and returns its id.

        `put` gets each event of the request, until the given number of answers or an error.
        """
        hold_daemon_threads()
        self.check_process()
        call_id = self._calls.add(put, answers)
        self._running.inbox.put(msgspec.structs.replace(request, id=call_id))
        return call_id

    def cancel(self, call_id: int) -> None:
        """Ends a request without a further event. An id that has ended is ignored."""
        if os.getpid() == self._pid and self._calls.remove(call_id):
            self._running.inbox.put(Cancel(id=call_id))

    def check_process(self) -> None:
        """Raises EngineError UNSUPPORTED in a process that was forked from the engine's."""
        if os.getpid() != self._pid:
            raise forked_error()

    def close(self) -> None:
        """Ends the thread and waits for it. Calls in progress fail with DISPOSED."""
        if os.getpid() == self._pid:
            self._calls.end(disposed_error())
            self._running.stop()
            self._running.join()


class _Running:
    """What the thread refers to. If it referred to the WorkerThread, that would never be freed."""

    def __init__(
        self, settings: EngineSettings, model_folders: Sequence[Path], calls: Calls
    ) -> None:
        self.settings = settings
        self.model_folders = model_folders
        self.calls = calls
        self.inbox: Inbox = queue.SimpleQueue()
        self.worker: Worker | None = None
        self.watchdog: Watchdog | None = None
        #: For how long there has been work without a step.
        self.stalled_seconds = 0.0
        self.thread = threading.Thread(target=self._run, name="mlx-app", daemon=True)

    def start(self) -> None:
        with _start_lock:
            hold_daemon_threads()
            _all_running.add(self)
            self.thread.start()

    def stop(self) -> None:
        """Ends the thread between two steps, also before its worker has been created."""
        self.inbox.put(self._stop)

    def join(self) -> None:
        if self.thread is not threading.current_thread():
            self.thread.join(STOP_SECONDS)

    def _stop(self) -> None:
        if self.worker is not None:
            self.worker.stop()

    def _run(self) -> None:
        try:
            self.worker = _create_worker(self)
            self.watchdog = _create_watchdog(self, self.worker)
            self.watchdog.start()
            self.worker.serve()
        except EngineError as error:
            self._fail(with_hint(error))
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            self._fail(EngineError("INTERNAL", f"The engine failed: {error!r}"))
        finally:
            if self.watchdog is not None:
                self.watchdog.close()
                self.watchdog = None
            # Frees the models on the thread that has loaded them, and then the thread's streams:
            # MLX would abort the process at its end if it met them there.
            self.worker = None
            _clear_streams()
            _all_running.discard(self)

    def _fail(self, error: EngineError) -> None:
        self.calls.end(error)
        if not self.calls.ready.done():
            self.calls.ready.set_exception(error)


def _create_worker(running: _Running) -> "Worker":
    """Returns the worker of a thread. Raises EngineError MLX_NOT_WORKING or SETUP_NEEDED."""
    check_mlx()
    from ..quick_import import install as quicken_imports

    quicken_imports()
    from ..memory import memory_limit
    from ..mlx_lm_adapter.models import wire_memory
    from ..worker.worker import Worker

    settings = running.settings
    use_device(settings.device)
    wire_memory()
    return Worker(
        running.inbox,
        running.calls.deliver,
        models_directory=settings.models_path,
        model_folders=running.model_folders,
        memory_limit=memory_limit(settings.memory_limit_bytes),
        prompt_cache_bytes=settings.prompt_cache_bytes,
        queue_limit=settings.queue_limit,
        idle_seconds=settings.keep_alive,
        settings=settings.models,
    )


def _create_watchdog(running: _Running, worker: "Worker") -> "Watchdog":
    """Returns what tells the callers of a thread that makes no step. Nothing can end the thread."""
    from ..worker.watchdog import Watchdog, stall_message, tick_seconds

    bound = running.settings.stall_timeout_ms / 1000
    calls = running.calls

    def on_tick(stalled: float) -> None:
        running.stalled_seconds = stalled
        if stalled < bound:
            if calls.is_stalled and stalled == 0:
                calls.resume()
            return
        if calls.is_stalled:
            return
        hint = "Restart the program, or raise stall_timeout_ms if the machine is slow."
        for call_id in calls.stall(EngineError("WORKER_STALLED", stall_message(bound), hint)):
            running.inbox.put(Cancel(id=call_id))

    return Watchdog(
        worker.pulse, is_idle=lambda: worker.idle, on_tick=on_tick, tick_seconds=tick_seconds(bound)
    )


def disposed_error() -> EngineError:
    """Returns the error of a call to an engine that was closed."""
    return EngineError("DISPOSED", "The engine was closed.", "Create another MLXEngine.")


def _clear_streams() -> None:
    mlx = sys.modules.get("mlx.core")
    if mlx is not None:
        mlx.clear_streams()


_start_lock = threading.Lock()
_all_running: set[_Running] = set()


@atexit.register
def _close_all() -> None:
    """Ends all threads while the interpreter is still whole: one inside MLX would crash later."""
    try:
        with _start_lock:
            InterpreterExit.begun = True
        while _all_running:
            running = next(iter(_all_running))
            if running.thread.is_alive():
                running.calls.end(disposed_error())
                running.stop()
                running.join()
            _all_running.discard(running)
    except KeyboardInterrupt:
        # The user doesn't want to wait for a step or an import that takes long.
        exit_without_waiting()
