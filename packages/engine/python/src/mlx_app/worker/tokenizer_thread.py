"""A thread that tokenises, for callers in turns."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from msgspec import Struct

from ..protocol import Generate
from .scheduler.request_queue import Priority, Waiting


@dataclass(eq=False)
class _Text:
    work: Callable[[], None]
    priority: Priority = "normal"
    caller: str = ""


class TextThread:
    """Does the work for one request after the other, in the order in which calls get their places.

    First come, first served would let a caller with hundreds of texts keep all others from their
    turns: a call can't take a place before its text is tokenised.
    """

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)
        self._lock = threading.Lock()
        self._line: Waiting[_Text] = Waiting()

    def submit(self, request: Struct, work: Callable[[], None]) -> None:
        """Does the work when the turn of the request comes; it must not raise."""
        text = _Text(work)
        if isinstance(request, Generate):
            text = _Text(work, request.priority, request.caller)
        with self._lock:
            self._line.put(text)
        # As many turns as there are texts: whose they are is decided when they come.
        self._thread.submit(self._next)

    def _next(self) -> None:
        with self._lock:
            text = self._line.take(lambda _: True)
        if text is not None:
            text.work()
