"""Results go to standard output, and everything else to standard error."""

import json
import os
import re
import sys
from typing import TextIO

# Everything but tabs and line ends that a terminal takes as a command.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
_COLOURS = {"green": "32", "red": "31", "yellow": "33", "bold": "1", "dim": "2"}


def result(text: str) -> None:
    """Prints a line of the result."""
    sys.stdout.write(f"{text}\n")


def result_json(value: object) -> None:
    """Prints the result as JSON."""
    result(json.dumps(value, indent=2, ensure_ascii=False))


def note(text: str) -> None:
    """Prints a line that is not part of the result."""
    sys.stdout.flush()
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def problem(message: str, hint: str | None = None) -> None:
    """Prints what failed and what to do next."""
    note(f"{mark(False, sys.stderr)} {message}")
    if hint is not None:
        note(hint)


def mark(good: bool | None, stream: TextIO) -> str:
    """Returns ✓, ✗, or - for what doesn't apply, in colour if the stream supports it."""
    if good is None:
        return "-"
    return styled("✓", "green", stream) if good else styled("✗", "red", stream)


def styled(text: str, style: str, stream: TextIO) -> str:
    """Returns the text in a style, if the stream is a terminal that supports it."""
    if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return text
    return f"\x1b[{_COLOURS[style]}m{text}\x1b[0m"


def printable(text: str, stream: TextIO) -> str:
    """Returns text of a model without the characters that would control a terminal."""
    return _CONTROL.sub("", text) if stream.isatty() else text
