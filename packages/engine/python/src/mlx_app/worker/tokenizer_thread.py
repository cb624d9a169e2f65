"""A thread that tokenises prompts, for callers in turns."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from msgspec import Struct

from ..daemon_threads import DaemonThreads
from ..protocol import Generate
from .runner.call import Priority
from .scheduler.request_queue import RequestQueue

# A long text takes seconds.
STOP_SECONDS = 10


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
        self._thread = DaemonThreads(1, name)
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
        """Ends the thread and waits for what it does now; what waits is dropped."""
        self._thread.close()
        self._thread.join(STOP_SECONDS)

    def _next(self) -> None:
        with self._lock:
            text = self._queue.take(lambda _: True)
        if text is not None:
            text.work()
