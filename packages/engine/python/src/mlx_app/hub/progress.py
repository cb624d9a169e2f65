"""How far several files are together."""

import threading
import time
from collections.abc import Callable
from typing import Literal

Stage = Literal["download", "verify", "load"]
Report = Callable[[Stage, int, int], None]

# A person sees no more, and a program need not hear of each block.
SECONDS_BETWEEN = 0.1


class Progress:
    """Tells the bytes of all files, now and then, and at the end. Used from several threads."""

    def __init__(self, stage: Stage, total: int, report: Report) -> None:
        self._stage: Stage = stage
        self._total = total
        self._report = report
        self._files: dict[str, int] = {}
        self._told: int | None = None
        self._told_at = 0.0
        self._lock = threading.Lock()

    def at(self, path: str, loaded: int) -> None:
        """A file has so many bytes now."""
        with self._lock:
            self._files[path] = loaded
            now = time.monotonic()
            if now - self._told_at >= SECONDS_BETWEEN:
                self._tell(now)

    def tell(self) -> None:
        """Tells where it is, if that is news."""
        with self._lock:
            self._tell(time.monotonic())

    def _tell(self, now: float) -> None:
        loaded = min(sum(self._files.values()), self._total)
        if loaded == self._told:
            return
        self._told, self._told_at = loaded, now
        self._report(self._stage, loaded, self._total)
