"""Shows one answer while it is generated."""

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Unpack, overload

from ..engine.answers import choices_of, whole
from ..engine.async_engine import AsyncMLXEngine
from ..engine.mlx_engine import MLXEngine
from ..engine.options import GenerateOptions, Message
from ..engine.results import Answer, Choice, Chunk
from ..engine.streams import AsyncStream, Stream
from .front_end import handles_clicks_while_awaiting, uses_widgets
from .views import MarkdownView, PlainView, StoppableView, View


@dataclass(kw_only=True)
class StoppedAnswer(Choice):
    """What there was of an answer when it was stopped. It has no usage and no timings."""


@overload
def stream(
    engine: MLXEngine,
    prompt: str | Sequence[Message] | None = None,
    *,
    widgets: bool | None = None,
    **options: Unpack[GenerateOptions],
) -> Answer | StoppedAnswer: ...
@overload
def stream(
    engine: AsyncMLXEngine,
    prompt: str | Sequence[Message] | None = None,
    *,
    widgets: bool | None = None,
    **options: Unpack[GenerateOptions],
) -> Coroutine[None, None, Answer | StoppedAnswer]: ...
def stream(
    engine: MLXEngine | AsyncMLXEngine,
    prompt: str | Sequence[Message] | None = None,
    *,
    widgets: bool | None = None,
    **options: Unpack[GenerateOptions],
) -> Answer | StoppedAnswer | Coroutine[None, None, Answer | StoppedAnswer]:
    """Shows an answer while it is generated, and returns it.

    In a notebook with ipywidgets, the answer is Markdown. Elsewhere it is plain text.

    With an `MLXEngine`, an interrupt of the kernel or Ctrl-C stops the answer and keeps its text.
    With an `AsyncMLXEngine`, the result must be awaited, and a stop button does the same. A kernel
    (ipykernel 7.4 or later) handles clicks while a cell awaits, but not while it computes.

    Args:
        engine: The engine, with a model. `AsyncMLXEngine.of(engine)` shares those of another one.
        prompt: Messages of a chat, or raw text that the model continues.
        widgets: Whether to show Markdown and the button. Default: whether ipywidgets is installed
            and the code runs in a Jupyter kernel.
        **options: See `GenerateOptions`. Only the first of `n` sequences is shown.

    Returns:
        The answer, or a `StoppedAnswer` with the text so far.

    Raises:
        EngineError: As `MLXEngine.generate`; SETUP_NEEDED if there are no widgets to show.
    """
    with_widgets = uses_widgets(widgets)
    if isinstance(prompt, str):
        text: str | None = prompt
    else:
        text = None
        if prompt is not None:
            options["messages"] = prompt
    if isinstance(engine, MLXEngine):
        answering = engine.stream(text, **options)
        return follow(answering, MarkdownView() if with_widgets else PlainView())
    awaited = engine.stream(text, **options)
    if with_widgets and handles_clicks_while_awaiting():
        return _follow_async(awaited, StoppableView(awaited.cancel))
    return _follow_async(awaited, MarkdownView() if with_widgets else PlainView())


def follow(answering: Stream[Chunk], view: View) -> Answer | StoppedAnswer:
    """Shows an answer until it ends, or until it is cancelled or interrupted, and returns it."""
    shown = _Shown(view)
    try:
        for chunk in answering:
            shown.add(chunk)
    except KeyboardInterrupt:
        answering.cancel()
    finally:
        view.close()
    return shown.answer()


async def _follow_async(answering: AsyncStream[Chunk], view: View) -> Answer | StoppedAnswer:
    """Shows an answer until it ends or is cancelled, and returns it."""
    shown = _Shown(view)
    try:
        async for chunk in answering:
            shown.add(chunk)
    finally:
        view.close()
    return shown.answer()


class _Shown:
    """The part of an answer that a view shows."""

    def __init__(self, view: View) -> None:
        self._view = view
        self._chunks: list[Chunk] = []
        self._reasoning = self._text = ""

    def add(self, chunk: Chunk) -> None:
        self._chunks.append(chunk)
        if chunk.index == 0:
            self._reasoning += chunk.reasoning
            self._text += chunk.text
            self._view.show(self._reasoning, self._text)

    def answer(self) -> Answer | StoppedAnswer:
        if self._chunks and self._chunks[-1].usage is not None:
            return whole(self._chunks)
        choices = choices_of(self._chunks)
        return StoppedAnswer(**vars(choices[0])) if choices else StoppedAnswer()
