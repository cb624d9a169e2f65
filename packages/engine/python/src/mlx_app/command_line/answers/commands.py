"""The commands of a chat, such as /help."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..terminal.format import format_table
from ..terminal.output import note
from .conversation import Conversation


@dataclass(frozen=True)
class Command:
    """A command of the chat."""

    #: How /help shows it.
    usage: str
    help: str
    #: Runs it with its argument. Returns whether the chat goes on.
    run: Callable[[Conversation, str], bool]


def _help(_: Conversation, __: str) -> bool:
    rows = [(f"  /{command.usage}", command.help) for command in COMMANDS.values()]
    note("\n".join(format_table(rows)))
    return True


def _clear(conversation: Conversation, _: str) -> bool:
    conversation.clear()
    note("Started a new chat.")
    return True


def _save(conversation: Conversation, argument: str) -> bool:
    file = Path(argument or "chat.json").expanduser()
    try:
        conversation.save(file)
    except FileExistsError:
        note(f"{file} exists and was not changed. To choose another name: /save FILE")
    except OSError as error:
        note(f"{file} could not be written: {error.strerror}.")
    else:
        note(f"Saved to {file}.")
    return True


def _exit(_: Conversation, __: str) -> bool:
    return False


COMMANDS: Mapping[str, Command] = {
    "help": Command("help", "show this list", _help),
    "clear": Command("clear", "start a new chat and keep the system message", _clear),
    "save": Command("save [FILE]", "write the chat to a JSON file, by default chat.json", _save),
    "exit": Command("exit", "leave the chat", _exit),
}
