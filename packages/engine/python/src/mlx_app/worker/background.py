"""Work on other threads than MLX's: tokenising, disks, the network."""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future

from msgspec import Struct

from ..daemon_threads import DaemonThreads
from ..prompt.prompt_size import request_bytes
from .tokenizer_thread import TokenizerThread

Task = Callable[[], None]

# A request of this many bytes is tokenised in a tenth of a second or less.
LONG_BYTES = 128 * 1024


class Background:
    """Runs work that would delay the batch on other threads, and its results between two steps.

    Texts are tokenised for callers in turns. Long texts have a thread of their own, so that short
    ones don't wait for them.
    """

    def __init__(self, inbox: "queue.SimpleQueue[object]") -> None:
        self._inbox = inbox
        self._running = 0
        self._lock = threading.Lock()
        self._threads = DaemonThreads(4, "background")
        self._texts = TokenizerThread("texts")
        self._long = TokenizerThread("long")

    @property
    def busy(self) -> bool:
        """Whether there is work that has not ended."""
        return self._running > 0

    def submit(self, work: Task) -> None:
        """Runs work on another thread. The work must not raise."""
        self._threads.submit(self._counted(work))

    def submit_for(self, request: Struct, work: Task) -> None:
        """Runs work that tokenises the texts of a request. The work must not raise."""
        (self._long if request_bytes(request) > LONG_BYTES else self._texts).submit(
            request, self._counted(work)
        )

    def _counted(self, work: Task) -> Task:
        with self._lock:
            self._running += 1

        def run() -> None:
            try:
                work()
            finally:
                with self._lock:
                    self._running -= 1

        return run

    def close(self) -> None:
        """Ends the threads once they have done what they do now; what waits is dropped.

        Waits for the texts, but not for the network: a thread inside the tokeniser's code would
        crash at the end of the interpreter.
        """
        self._threads.close()
        self._texts.close()
        self._long.close()

    def later(self, task: Task) -> None:
        """Runs a task on MLX's thread, between two steps."""
        self._inbox.put(task)

    def wait_for(self, task: Task) -> None:
        """Runs a task on MLX's thread, waits for its end, and raises what it raises."""
        done: Future[None] = Future()

        def run() -> None:
            try:
                task()
            except Exception as error:
                done.set_exception(error)
            else:
                done.set_result(None)

        self.later(run)
        done.result()
