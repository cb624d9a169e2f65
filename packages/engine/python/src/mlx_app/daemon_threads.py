"""Threads for work that must not keep the interpreter from ending."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

Result = TypeVar("Result")


class DaemonThreads:
    """Runs work on a limited number of daemon threads, which start when they are needed.

    At its end, the interpreter waits for the threads of a ThreadPoolExecutor, however long they
    take, and other threads can't give it any more work.
    """

    def __init__(self, limit: int, name: str) -> None:
        self._limit = limit
        self._name = name
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def submit(self, work: Callable[[], Result]) -> Future[Result]:
        """Runs work on one of the threads and returns its future result."""
        future: Future[Result] = Future()

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                result = work()
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)

        self._work.put(run)
        with self._lock:
            if not self._idle.acquire(blocking=False) and len(self._threads) < self._limit:
                name = f"{self._name}-{len(self._threads)}"
                thread = threading.Thread(target=self._run, name=name, daemon=True)
                self._threads.append(thread)
                thread.start()
        return future

    def close(self) -> None:
        """Ends the threads once they have done what they do now; what waits is dropped."""
        while True:
            try:
                self._work.get_nowait()
            except queue.Empty:
                break
        self._work.put(None)

    def join(self, seconds: float | None = None) -> None:
        """Waits for the threads to end after `close`, for at most this long each."""
        for thread in self._threads:
            thread.join(seconds)

    def _run(self) -> None:
        while True:
            work = self._work.get()
            if work is None:
                # For the next thread.
                self._work.put(None)
                return
            work()
            # It may hold a model, which would stay in memory while the thread waits.
            del work
            self._idle.release()
