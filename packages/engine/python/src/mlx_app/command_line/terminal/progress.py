"""The progress of a download or a load: a bar in a terminal, lines otherwise."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ...engine.options import LoadProgress
from .format import format_bytes, format_duration

_VERBS = {"download": "Downloading", "verify": "Checking", "load": "Loading"}
# Checking and loading appear in a log only if they take longer than this.
_LONG_SECONDS = 2.0

Update = Callable[[LoadProgress], None]


@contextmanager
def show_progress(initial_text: str) -> Iterator[Update]:
    """Yields a function that shows progress on standard error. A bar is wiped at the end.

    `initial_text` is what a terminal shows before the first progress.
    """
    # A dumb terminal can't return to the start of a line.
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        with _bar(initial_text) as update:
            yield update
    else:
        yield _Lines().update


@contextmanager
def _bar(initial_text: str) -> Iterator[Update]:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        Progress,
        SpinnerColumn,
        TaskProgressColumn,
        TextColumn,
    )

    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(30),
        TaskProgressColumn(),
        TextColumn("{task.fields[details]}", markup=False),
        console=Console(file=sys.stderr),
        transient=True,
    ) as progress:
        task = progress.add_task(f"{initial_text} …", total=None, details="")
        stage = ""

        def update(news: LoadProgress) -> None:
            nonlocal stage
            if news.stage != stage:
                stage = news.stage
                # Bytes of an earlier attempt don't count for the rate.
                progress.reset(task, completed=news.loaded_bytes)
            progress.update(
                task,
                description=_VERBS[news.stage],
                completed=news.loaded_bytes,
                total=news.total_bytes or None,
            )
            details = _details(news, progress.tasks[0].speed)
            progress.update(task, details=details)

        yield update


def _details(news: LoadProgress, speed: float | None) -> str:
    """Returns amount, rate and remaining time, such as `700 MB of 2.3 GB, 34.5 MB/s, 0:45 left`."""
    loaded = format_bytes(news.loaded_bytes)
    parts = [f"{loaded} of {format_bytes(news.total_bytes)}" if news.total_bytes else loaded]
    if speed:
        parts.append(f"{format_bytes(speed)}/s")
        left = (news.total_bytes - news.loaded_bytes) / speed
        if left > 0:
            parts.append(f"{format_duration(left)} left")
    return ", ".join(parts)


class _Lines:
    """Writes a line at the start of a download, and one for each 10 %."""

    def __init__(self) -> None:
        self._stage = ""
        self._begun = 0.0
        self._first_bytes = 0
        self._tenths = -1

    def update(self, news: LoadProgress) -> None:
        now = time.monotonic()
        if news.stage != self._stage:
            self._stage, self._begun, self._tenths = news.stage, now, -1
            self._first_bytes = news.loaded_bytes
        if news.total_bytes == 0:
            return
        if news.stage != "download" and now - self._begun < _LONG_SECONDS:
            return
        tenths = 10 * news.loaded_bytes // news.total_bytes
        if tenths <= self._tenths:
            return
        self._tenths = tenths
        seconds = now - self._begun
        # A rate of the first second would be a guess.
        speed = (news.loaded_bytes - self._first_bytes) / seconds if seconds >= 1 else None
        percent = 100 * news.loaded_bytes // news.total_bytes
        line = f"{_VERBS[news.stage]}: {percent} %, {_details(news, speed)}\n"
        sys.stderr.write(line)
        sys.stderr.flush()
