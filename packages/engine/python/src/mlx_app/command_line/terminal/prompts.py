"""Questions to the user of a terminal."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from ...errors import EngineError

Value = TypeVar("Value")

# The terminal of the process, whatever its standard input is.
_TERMINAL = Path("/dev/tty")


@dataclass(frozen=True)
class Choice(Generic[Value]):
    """One of several answers."""

    value: Value
    #: What the user can type instead of the number.
    letter: str
    text: str


def can_prompt() -> bool:
    """Whether a user can answer a question. On CI, a terminal has no user.

    Standard input may be a pipe or a file: the user answers in the terminal all the same.
    """
    if os.environ.get("CI") or not sys.stderr.isatty():
        return False
    return sys.stdin.isatty() or _in_foreground()


def is_interactive() -> bool:
    """Whether a user can answer a question, and standard input is a terminal too.

    A program that starts a server usually holds its input as a pipe. Its user expects no question,
    also if the program itself was started in a terminal.
    """
    return sys.stdin.isatty() and can_prompt()


def _in_foreground() -> bool:
    """Whether the process can read from its terminal. In the background, that would stop it."""
    try:
        with _TERMINAL.open("rb", buffering=0) as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:  # there is none
        return False


def confirm(question: str, *, default: bool = False) -> bool:
    """Asks a question with yes or no; Enter means the default.

    Raises EngineError ABORTED on Ctrl-C and Ctrl-D.
    """
    answers = {"y": True, "yes": True, "n": False, "no": False, "": default}
    while True:
        answer = _ask(f"{question} [{'Y/n' if default else 'y/N'}] ").lower()
        if answer in answers:
            return answers[answer]
        sys.stderr.write("Type y or n.\n")


def choose(choices: Sequence[Choice[Value]]) -> Value:
    """Asks for one of several answers by number or letter; Enter means the first.

    Raises EngineError ABORTED on Ctrl-C and Ctrl-D.
    """
    for number, choice in enumerate(choices, 1):
        sys.stderr.write(f"  {number} ({choice.letter})  {choice.text}\n")
    while True:
        answer = _ask("Which one? [1] ").lower() or "1"
        for number, choice in enumerate(choices, 1):
            if answer in (str(number), choice.letter):
                return choice.value
        letters = ", ".join(choice.letter for choice in choices)
        sys.stderr.write(f"Type a number from 1 to {len(choices)}, or one of {letters}.\n")


def _ask(prompt: str) -> str:
    # `input` would write the prompt to standard output, which programs read.
    sys.stderr.write(prompt)
    sys.stderr.flush()
    try:
        line = _read_line()
    except KeyboardInterrupt as error:
        sys.stderr.write("\n")
        raise EngineError("ABORTED", "Interrupted.") from error
    if line == "":
        sys.stderr.write("\n")
        raise EngineError("ABORTED", "Interrupted.")
    return line.strip()


def _read_line() -> str:
    if sys.stdin.isatty():
        return sys.stdin.readline()
    with _TERMINAL.open(encoding="utf-8", errors="replace") as terminal:
        return terminal.readline()
