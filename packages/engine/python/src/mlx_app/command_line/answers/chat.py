"""A chat in the terminal."""

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import typer

from ...engine.options import Message
from ...errors import EngineError
from ..models.choose import choose_model
from ..models.session import load, open_engine
from ..terminal.output import note, problem
from ..terminal.text import check_text
from .commands import COMMANDS
from .conversation import Conversation
from .view import AnswerView

if TYPE_CHECKING:
    from ...engine.mlx_engine import MLXEngine
    from ..settings.read import LoadedSettings

_PROMPT = "> "


def run_chat(loaded: "LoadedSettings", system: str | None, sampling: Mapping[str, Any]) -> None:
    """Chats until the user leaves. Without a terminal, each line of the input is a question."""
    settings = loaded.values
    with open_engine(settings) as engine:
        model = choose_model(loaded, engine)
        load(engine, settings, model)
        options: dict[str, Any] = {
            "model": model,
            "max_tokens": settings.default_tokens,
            **{name: value for name, value in sampling.items() if value is not None},
        }
        if sys.stdin.isatty():
            note(f"Chat with {model}. /help lists the commands, and Ctrl-D leaves.")
            # Lets the user edit the line and call up earlier ones.
            import readline  # noqa: F401
        conversation = Conversation(system)
        while (line := _read_line()) is not None:
            if line.startswith("/"):
                if not _run_command(conversation, line):
                    return
            elif line != "":
                _answer(engine, conversation, line, options)


def _read_line() -> str | None:
    """Returns the next line of the user, or None at the end of the input."""
    try:
        return check_text(input(_PROMPT if sys.stdin.isatty() else ""), "PROMPT").strip()
    except (UnicodeDecodeError, typer.BadParameter) as error:
        message = "This line is not UTF-8 text."
        if not sys.stdin.isatty():
            raise typer.BadParameter(message, param_hint="PROMPT") from error
        note(message)
        return ""
    except EOFError:
        if sys.stdin.isatty():
            note("")
        return None
    except KeyboardInterrupt:
        if not sys.stdin.isatty():
            raise
        note("\nTo leave the chat, press Ctrl-D or type /exit.")
        return ""


def _run_command(conversation: Conversation, line: str) -> bool:
    """Runs a command of the chat. Returns whether the chat goes on."""
    name, _, argument = line[1:].partition(" ")
    command = COMMANDS.get(name)
    if command is None:
        note(f"There is no command /{name}. To see them, type /help.")
        return True
    return command.run(conversation, argument.strip())


def _answer(
    engine: "MLXEngine", conversation: Conversation, question: str, options: Mapping[str, Any]
) -> None:
    """Shows the answer and adds it to the conversation. Ctrl-C keeps what has been written."""
    conversation.add(Message(role="user", content=question))
    view = AnswerView()
    text = ""
    try:
        given = {**options, "messages": conversation.messages, "on_prompt_progress": view.read}
        with engine.stream(**given) as stream:
            for chunk in stream:
                view.show(chunk)
                text += chunk.text
    except KeyboardInterrupt:
        if not sys.stdin.isatty():
            raise
        view.end()
        note("Stopped.")
    except EngineError as error:
        view.end()
        conversation.take_back()
        if not sys.stdin.isatty():
            raise
        problem(error.message, error.hint)
        return
    else:
        view.end()
    conversation.add(Message(role="assistant", content=text))
