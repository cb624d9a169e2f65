"""The progress of several files together."""

import threading
import time
from collections.abc import Callable
from typing import Literal

Stage = Literal["download", "verify", "load"]
Report = Callable[[Stage, int, int], None]

# People see no more, and programs need no report of each block.
SECONDS_BETWEEN = 0.1


class Progress:
    """Reports the bytes of all files from time to time. Can be used from several threads."""

    def __init__(self, stage: Stage, total: int, report: Report) -> None:
        self._stage: Stage = stage
        self._total = total
        self._send = report
        self._files: dict[str, int] = {}
        self._reported: int | None = None
        self._reported_at = 0.0
        self._lock = threading.Lock()

    def update(self, path: str, loaded: int) -> None:
        """Notes how many bytes of a file there are."""
        with self._lock:
            self._files[path] = loaded
            now = time.monotonic()
            if now - self._reported_at >= SECONDS_BETWEEN:
                self._report_now(now)

    def report(self) -> None:
        """Reports the progress, if it has changed."""
        with self._lock:
            self._report_now(time.monotonic())

    def _report_now(self, now: float) -> None:
        loaded = min(sum(self._files.values()), self._total)
        if loaded == self._reported:
            return
        self._reported, self._reported_at = loaded, now
        self._send(self._stage, loaded, self._total)
