"""Shows an answer while it is generated."""

import sys
from typing import TextIO

from ...engine.options import PromptProgress
from ...engine.results import Chunk
from ..terminal.output import note, printable, styled
from .prompt_progress import PromptProgressView


class AnswerView:
    """Writes the text to standard output, and what a model thinks to a terminal only."""

    def __init__(self) -> None:
        self._last: tuple[TextIO, str] | None = None
        self._cut = False
        self._progress = PromptProgressView()

    def read(self, progress: PromptProgress) -> None:
        """Shows how much of the prompt the model has read, until the answer begins."""
        self._progress.update(progress)

    def show(self, chunk: Chunk) -> None:
        """Writes a piece of the answer."""
        self._progress.end()
        if chunk.reasoning and sys.stderr.isatty():
            text = printable(chunk.reasoning, sys.stderr)
            self._write(sys.stderr, text, styled(text, "dim", sys.stderr))
        if chunk.text:
            text = printable(chunk.text, sys.stdout)
            self._write(sys.stdout, text, text)
        self._cut = self._cut or chunk.finish_reason == "length"

    def end(self) -> None:
        """Ends the line, and says so if the answer was cut off."""
        self._progress.end()
        self._end_line()
        if self._cut:
            note("The answer reached its token limit. To get a longer one, raise --max-tokens.")

    def _write(self, stream: TextIO, text: str, shown: str) -> None:
        if self._last is not None and self._last[0] is not stream:
            self._end_line()
            self._last[0].write("\n")
        stream.write(shown)
        stream.flush()
        self._last = stream, text

    def _end_line(self) -> None:
        if self._last is not None:
            stream, text = self._last
            if not text.endswith("\n"):
                stream.write("\n")
                stream.flush()
