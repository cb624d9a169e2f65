"""Work beside MLX's thread: tokenising, disks, the network."""

import queue
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from msgspec import Struct

from ..prompt.prompt_size import size_of
from .tokenizer_thread import TextThread

Task = Callable[[], None]


# A request of so many bytes is tokenised in a tenth of a second or less.
LONG_BYTES = 128 * 1024


class Background:
    """Runs what would hold up the batch on other threads, and its results between two steps.

    Texts are tokenised for callers in turns; long ones on a thread of their own, so that however
    many there are, short ones go by.
    """

    def __init__(self, inbox: "queue.SimpleQueue[object]") -> None:
        self._inbox = inbox
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="aside")
        self._texts = TextThread("texts")
        self._long = TextThread("long")

    def submit(self, work: Task) -> None:
        """Runs work on another thread; it must not raise."""
        self._threads.submit(work)

    def submit_for(self, request: Struct, work: Task) -> None:
        """As `submit`, for work that takes as long as the texts of a request are."""
        (self._long if size_of(request) > LONG_BYTES else self._texts).submit(request, work)

    def later(self, task: Task) -> None:
        """Runs a task on MLX's thread, between two steps."""
        self._inbox.put(task)

    def wait_for(self, task: Task) -> None:
        """Runs a task as `later` does and waits for its end; raises what it raises."""
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
