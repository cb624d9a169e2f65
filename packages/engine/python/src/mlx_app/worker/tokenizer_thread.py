"""A thread that tokenises prompts, for callers in turns."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from msgspec import Struct

from ..protocol import Generate
from .runner.call import Priority
from .scheduler.request_queue import RequestQueue


@dataclass(eq=False)
class _Text:
    work: Callable[[], None]
    priority: Priority = "normal"
    caller: str = ""


class TokenizerThread:
    """Does the work for one request after the other, in the order in which calls start.

    With first come, first served, a caller with hundreds of texts would keep all others from their
    turns, since a call can't start before its text is tokenised.
    """

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._queue: RequestQueue[_Text] = RequestQueue()

    def submit(self, request: Struct, work: Callable[[], None]) -> None:
        """Does the work when the turn of the request comes. The work must not raise."""
        text = _Text(work)
        if isinstance(request, Generate):
            text = _Text(work, request.priority, request.caller)
        with self._lock:
            self._queue.put(text)
        # One turn for each text; which text it is for is decided when the turn comes.
        self._thread.submit(self._next)

    def close(self) -> None:
        """Ends the thread once it has done what it does now; what waits is dropped."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _next(self) -> None:
        with self._lock:
            text = self._queue.take(lambda _: True)
        if text is not None:
            text.work()
