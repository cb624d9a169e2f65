"""Shows text that grows, as Markdown in a notebook or as plain text."""

import sys
import time
from collections.abc import Callable
from typing import Any, Protocol

from ..errors import EngineError

# An update sends the whole text, so more of them would be slow for a long one.
_UPDATE_SECONDS = 0.1


class View(Protocol):
    """Shows an answer while it is generated."""

    def show(self, reasoning: str, text: str) -> None:
        """Shows what the model thought, and its answer so far."""

    def close(self) -> None:
        """Shows what is left, and removes what only a running answer needs."""


class PlainView:
    """Prints text as it comes."""

    def __init__(self) -> None:
        self._printed = 0

    def show(self, reasoning: str, text: str) -> None:
        """Prints what is new."""
        whole = f"{reasoning}\n\n{text}" if reasoning and text else reasoning + text
        write(whole[self._printed :])
        self._printed = len(whole)

    def close(self) -> None:
        """Ends the line."""
        write("\n")


def write(text: str) -> None:
    """Writes text to the output at once."""
    sys.stdout.write(text)
    sys.stdout.flush()


def describe(error: EngineError) -> str:
    """Returns the message of an error with its hint."""
    return str(error) if error.hint is None else f"{error} {error.hint}"


class Output:
    """Markdown in the output of a cell, which can be replaced, also on another thread."""

    def __init__(self) -> None:
        from IPython.display import display

        self._handle: Any = display(_bundle(""), raw=True, display_id=True)

    def replace(self, markdown: str) -> None:
        """Replaces the Markdown. A front end without Markdown shows it as text."""
        self._handle.update(_bundle(markdown), raw=True)


def _bundle(markdown: str) -> dict[str, str]:
    return {"text/markdown": markdown, "text/plain": markdown}


class MarkdownView:
    """Markdown in the output of a cell, which stays in the saved notebook."""

    def __init__(self) -> None:
        self._shown = self._newest = ""
        self._updated = 0.0
        self._output = Output()

    def show(self, reasoning: str, text: str) -> None:
        """Shows the whole answer, at most ten times a second. Reasoning is a quotation."""
        quotation = reasoning.replace("\n", "\n> ")
        self.show_markdown(f"> {quotation}\n\n{text}" if reasoning else text)

    def show_markdown(self, markdown: str) -> None:
        """Replaces all that is shown, at most ten times a second."""
        self._newest = markdown
        if time.monotonic() - self._updated >= _UPDATE_SECONDS:
            self._update()

    def close(self) -> None:
        """Shows what is left."""
        self._update()

    def _update(self) -> None:
        if self._shown != self._newest:
            self._output.replace(self._newest)
            self._shown = self._newest
        self._updated = time.monotonic()


class StoppableView(MarkdownView):
    """Markdown with a stop button below, which disappears at the end."""

    def __init__(self, stop: Callable[[], None]) -> None:
        super().__init__()
        from IPython.display import display
        from ipywidgets import Button

        self._button = Button(description="Stop", icon="stop")
        self._button.on_click(lambda _: stop())
        self._place: Any = display(self._button, display_id=True)

    def close(self) -> None:
        """Shows what is left, and removes the button."""
        super().close()
        # The saved notebook would show an error in the place of a widget that is closed.
        self._place.update({"text/plain": ""}, raw=True)
        self._button.close()
