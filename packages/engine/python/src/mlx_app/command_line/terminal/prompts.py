"""Questions to the user of a terminal."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from ...errors import EngineError

Value = TypeVar("Value")


@dataclass(frozen=True)
class Choice(Generic[Value]):
    """One of several answers."""

    value: Value
    #: What the user can type instead of the number.
    letter: str
    text: str


def can_prompt() -> bool:
    """Whether a user can answer a question. On CI, a terminal has no user."""
    return sys.stdin.isatty() and sys.stderr.isatty() and not os.environ.get("CI")


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
        line = sys.stdin.readline()
    except KeyboardInterrupt as error:
        sys.stderr.write("\n")
        raise EngineError("ABORTED", "Interrupted.") from error
    if line == "":
        sys.stderr.write("\n")
        raise EngineError("ABORTED", "Interrupted.")
    return line.strip()
