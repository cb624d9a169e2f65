"""The chat of a notebook."""

import threading

from IPython.display import display
from ipywidgets import Button, HBox, Layout, Text

from ..engine.results import Chunk
from ..engine.streams import Stream
from ..errors import EngineError
from .conversation import Conversation
from .views import MarkdownView, describe

_NAMES = {"user": "You", "assistant": "Model"}


class Panel:
    """The conversation as Markdown, and below it a text box with buttons to send, stop and clear.

    An answer is generated on a thread of its own, after the cell has ended. Therefore the buttons
    work in every front end.
    """

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._answering: Stream[Chunk] | None = None
        self._view = MarkdownView()
        self._box = Text(placeholder="Your message", layout=Layout(width="50%"))
        self._send = Button(description="Send", icon="paper-plane")
        self._stop = Button(description="Stop", icon="stop", disabled=True)
        self._clear = Button(description="Clear", icon="trash")
        self._send.on_click(lambda _: self._start())
        self._stop.on_click(lambda _: self._cancel())
        self._clear.on_click(lambda _: self._start_again())
        self._show_end()
        display(HBox([self._box, self._send, self._stop, self._clear]))

    def show(self, reasoning: str, text: str) -> None:
        """Shows the conversation with the answer so far, or with what the model thinks."""
        running = text or f"*{reasoning.strip()}*"
        self._view.show_markdown("\n\n".join([*self._lines(), f"**Model:** {running}"]))

    def close(self) -> None:
        """Shows what is left."""
        self._view.close()

    def _start(self) -> None:
        question = self._box.value.strip()
        if question == "" or self._answering is not None:
            return
        try:
            self._answering = self._conversation.ask(question)
        except EngineError as error:
            self._show_end(error)
            return
        self._box.value = ""
        self._send.disabled = self._clear.disabled = True
        self._stop.disabled = False
        threading.Thread(target=self._follow, args=(self._answering, question), daemon=True).start()

    def _follow(self, answering: Stream[Chunk], question: str) -> None:
        failure: EngineError | None = None
        try:
            self._conversation.follow(answering, self)
        except EngineError as error:
            failure = error
            self._box.value = question
        self._show_end(failure)
        self._answering = None
        self._stop.disabled = True
        self._send.disabled = self._clear.disabled = False

    def _cancel(self) -> None:
        if self._answering is not None:
            self._answering.cancel()

    def _start_again(self) -> None:
        if self._answering is None:
            self._conversation.clear()
            self._show_end()

    def _show_end(self, error: EngineError | None = None) -> None:
        lines = self._lines()
        if error is not None:
            lines.append(f"**Error:** {describe(error)}")
        self._view.show_markdown("\n\n".join(lines))
        self._view.close()

    def _lines(self) -> list[str]:
        return [
            f"**{_NAMES[message['role']]}:** {message['content']}"
            for message in self._conversation.messages
            if message["role"] in _NAMES
        ]
