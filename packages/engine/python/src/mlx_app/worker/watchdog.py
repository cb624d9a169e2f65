"""Notices when the worker has work but gets on with none of it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

# The longest time between two looks at the pulse, and so between two heartbeats.
TICK_SECONDS = 1.0

# The interpreter may have stopped the thread already.
JOIN_SECONDS = 5


class Pulse:
    """What MLX's thread does now. It is written there, and read by the watchdog."""

    def __init__(self) -> None:
        # time.time() of the last step of a model, in milliseconds.
        self.last_step_at: float | None = None
        # Grows with all that gets work done.
        self.progress = 0
        # Whether the thread waits for requests and results.
        self.waiting = False
        # Models that are being opened or brought into memory now, which may take long.
        self.loading = 0

    def step(self) -> None:
        """Notes a step of a model: a decode step, a chunk of a prompt, or of texts to embed."""
        self.last_step_at = time.time() * 1000
        self.progress += 1

    @contextmanager
    def load(self) -> Iterator[None]:
        """Notes that a model is being loaded, which has its own progress."""
        self.loading += 1
        try:
            yield
        finally:
            self.loading -= 1
            self.progress += 1


class Watchdog:
    """Looks at the pulse on a thread of its own, which no step of a model holds up.

    `on_tick` gets the seconds for which there has been work without a step, or 0. It is called
    while there is work, and once after it.
    """

    def __init__(
        self,
        pulse: Pulse,
        *,
        is_idle: Callable[[], bool],
        on_tick: Callable[[float], None],
        tick_seconds: float = TICK_SECONDS,
    ) -> None:
        self._pulse = pulse
        self._is_idle = is_idle
        self._on_tick = on_tick
        self._tick_seconds = tick_seconds
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watchdog", daemon=True)

    def start(self) -> None:
        """Starts to look."""
        self._thread.start()

    def close(self) -> None:
        """Ends the thread, which then refers to nothing any more."""
        self._end.set()
        self._thread.join(JOIN_SECONDS)

    def _run(self) -> None:
        stalled = 0.0
        was_idle = True
        progress = self._pulse.progress
        looked = time.monotonic()
        while not self._end.wait(self._tick_seconds):
            now = time.monotonic()
            # After a pause of the whole process or machine, the thread gets time to go on.
            elapsed, looked = min(now - looked, 2 * self._tick_seconds), now
            moved, progress = self._pulse.progress != progress, self._pulse.progress
            stuck = not (self._pulse.waiting or self._pulse.loading or moved)
            stalled = stalled + elapsed if stuck else 0.0
            is_idle = self._is_idle()
            if not (is_idle and was_idle):
                self._on_tick(stalled)
            was_idle = is_idle


def tick_seconds(stall_seconds: float) -> float:
    """Returns the time between two looks, for a bound."""
    return min(TICK_SECONDS, stall_seconds / 8)


def stall_message(seconds: float) -> str:
    """Returns what to tell the callers of a worker that makes no step."""
    return f"The worker has work, but made no step for {seconds:g} s."
