"""Shows how much of a long prompt the model has read, until its answer begins."""

import os
import sys
import time

from ...engine.options import PromptProgress
from ..terminal.output import styled

# A prompt that is read in less time shows nothing.
_QUIET_SECONDS = 0.3


class PromptProgressView:
    """A line of a terminal on standard error. Nothing is written to a file or a dumb terminal."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._is_smart = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._is_shown = False

    def update(self, progress: PromptProgress) -> None:
        """Shows the progress."""
        if not self._is_smart or time.monotonic() - self._started < _QUIET_SECONDS:
            return
        self._is_shown = True
        percent = 100 * progress.processed_tokens // progress.total_tokens
        text = styled(f"Reading the prompt: {percent} %", "dim", sys.stderr)
        self._write(f"\r\x1b[K{text}")

    def end(self) -> None:
        """Clears the line."""
        if self._is_shown:
            self._write("\r\x1b[K")
        self._is_shown = False

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
