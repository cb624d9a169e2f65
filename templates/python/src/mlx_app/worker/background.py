"""Work beside MLX's thread: tokenising, disks, the network."""

import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

Task = Callable[[], None]


class Background:
    """Runs what would hold up the batch on other threads, and its results between two steps."""

    def __init__(self, inbox: "queue.SimpleQueue[object]") -> None:
        self._inbox = inbox
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="aside")

    def submit(self, work: Task) -> None:
        """Runs work on another thread; it must not raise."""
        self._threads.submit(work)

    def later(self, task: Task) -> None:
        """Runs a task on MLX's thread, between two steps."""
        self._inbox.put(task)
