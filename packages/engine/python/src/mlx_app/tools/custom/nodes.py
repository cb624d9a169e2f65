"""The parts of a grammar, for regular expressions and for rules."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache


class GrammarError(ValueError):
    """The reason why a grammar can't be read."""


@dataclass(frozen=True)
class Text:
    """Exactly this text."""

    value: str


@dataclass(frozen=True)
class Characters:
    """One character of a class, as it is written in a regular expression: `[^a-z]`, `\\d`."""

    written: str

    def has(self, character: str) -> bool:
        """Whether the class has this character. Raises GrammarError for an unknown class."""
        return character in self.of(character)

    def of(self, characters: str) -> frozenset[str]:
        """Returns those characters that the class has. Raises GrammarError for an unknown class."""
        return _of(self.written, characters)


@dataclass(frozen=True)
class Series:
    """These parts, one after the other."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True)
class Choice:
    """One of these parts."""

    parts: "tuple[Node, ...]"


@dataclass(frozen=True)
class Repeat:
    """A part this many times; without `most`, any number of times from `least`."""

    part: "Node"
    least: int
    most: int | None


@dataclass(frozen=True)
class Name:
    """A rule, or a terminal, whose name is in capital letters."""

    name: str

    @property
    def is_terminal(self) -> bool:
        """Whether it is a terminal."""
        return self.name.strip("_")[:1].isupper()


Node = Text | Characters | Series | Choice | Repeat | Name


def series(parts: Sequence[Node]) -> Node:
    """Returns the parts as one, without a series of one part."""
    return parts[0] if len(parts) == 1 else Series(tuple(parts))


def choice(parts: Sequence[Node]) -> Node:
    """Returns one of the parts as one, without a choice of one part."""
    return parts[0] if len(parts) == 1 else Choice(tuple(parts))


def any_case(text: str) -> Node:
    """Returns a text in which capital letters don't matter."""
    parts: list[Node] = [
        Characters(f"[{one.lower()}{one.upper()}]") if one.lower() != one.upper() else Text(one)
        for one in text
    ]
    return series(parts)


def is_encodable(text: str) -> bool:
    """Whether a text has no half of a surrogate pair, which no tokenizer can encode."""
    return not any("\ud800" <= one <= "\udfff" for one in text)


@lru_cache(maxsize=4096)
def _of(written: str, characters: str) -> frozenset[str]:
    try:
        return frozenset(re.findall(written, characters))
    except re.error as error:
        raise GrammarError(f"{written} is not supported: {error}") from error
