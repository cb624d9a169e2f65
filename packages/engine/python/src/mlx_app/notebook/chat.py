"""A small chat."""

from typing import Unpack

from ..engine.mlx_engine import MLXEngine
from ..engine.options import GenerateOptions
from ..errors import EngineError
from .conversation import Conversation
from .front_end import uses_widgets
from .views import PlainView, describe, write


def chat(
    engine: MLXEngine, *, widgets: bool | None = None, **options: Unpack[GenerateOptions]
) -> Conversation:
    """Shows a chat, and returns the conversation.

    In a notebook with ipywidgets, it has a text box and buttons to send, stop and clear. They work
    as soon as the cell has ended. Elsewhere it asks for messages until `/quit`; Ctrl-C stops an
    answer and keeps its text.

    Args:
        engine: The engine, with a model.
        widgets: Whether to show Markdown and buttons. Default: whether ipywidgets is installed and
            the code runs in a Jupyter kernel.
        **options: See `GenerateOptions`. `messages` is how the conversation begins, such as a
            system message.

    Raises:
        EngineError: SETUP_NEEDED if there are no widgets to show.
    """
    with_widgets = uses_widgets(widgets)
    conversation = Conversation(engine, options)
    if with_widgets:
        from .panel import Panel

        Panel(conversation)
    else:
        _talk(conversation)
    return conversation


def _talk(conversation: Conversation) -> None:
    """Asks for messages and prints the answers."""
    write("/clear starts again, /quit ends the chat, Ctrl-C stops an answer.\n")
    while True:
        try:
            question = input("> ").strip()
        except (EOFError, KeyboardInterrupt):
            write("\n")
            return
        if question == "/quit":
            return
        if question == "/clear":
            conversation.clear()
        elif question:
            _answer(conversation, question)


def _answer(conversation: Conversation, question: str) -> None:
    view = PlainView()
    try:
        conversation.follow(conversation.ask(question), view)
    except EngineError as error:
        write(f"{describe(error)}\n")
