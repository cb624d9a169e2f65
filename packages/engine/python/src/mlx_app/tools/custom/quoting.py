"""How free text is written inside of a call."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from .nodes import Characters

_CONTROLS = r"\x00-\x1F"


@dataclass(frozen=True)
class Quoting:
    """Escapes of characters, and texts that end the free text, so that it can't contain them."""

    escapes: dict[str, str] = field(default_factory=dict)
    #: Whether control characters without an escape are left out.
    controls: bool = True
    markers: tuple[str, ...] = ()

    def text(self, value: str) -> str:
        """Returns a text as it is written."""
        return "".join(self.escapes.get(one, one) for one in value)

    @property
    def firsts(self) -> str:
        """The characters with which a marker may begin."""
        return "".join(sorted({marker[0] for marker in self.markers}))

    def plain(self, of: Characters, *, firsts: bool) -> str:
        """Returns a class with the characters of another one that need no escape.

        `firsts`: whether those with which a marker may begin belong to it.
        """
        left_out = "".join(self.escapes) + ("" if firsts else self.firsts)
        return self._without(of, left_out)

    def escaped(self, of: Characters) -> list[str]:
        """Returns the characters of a class that need an escape, as they are written."""
        return [written for one, written in self.escapes.items() if of.has(one)]

    def is_plain(self, of: Characters) -> bool:
        """Whether no character of a class needs care."""
        special = [*self.escapes, *self.firsts]
        if not self.controls:
            special += map(chr, range(32))
        return not any(map(of.has, special))

    def beginnings(self, of: Characters) -> tuple[str, str]:
        """Returns expressions for characters of a class that begin like a marker.

        The first one is for up to where they differ from all markers, and the second one for what
        ends before that. Both are "" if the class has none.
        """
        tails = [marker for marker in self.markers if of.has(marker[0])]
        differing, ending = self._after(of, tails)
        return "|".join(differing), "|".join(ending)

    def _after(self, of: Characters, tails: Sequence[str]) -> tuple[list[str], list[str]]:
        differing: list[str] = []
        ending: list[str] = []
        for first in sorted({tail[0] for tail in tails}):
            rest = [tail[1:] for tail in tails if tail[0] == first]
            if not all(rest) or not of.has(first):
                continue
            others = "".join(sorted({tail[0] for tail in rest}))
            here = [self._without(of, others + self.firsts + "".join(self.escapes))]
            further, ends = self._after(of, rest)
            before = escape(first)
            differing.append(f"{before}(?:{'|'.join([*here, *further])})")
            ending.append(f"{before}(?:{'|'.join(ends)})?" if ends else before)
        return differing, ending

    def _without(self, of: Characters, characters: str) -> str:
        listed = escape(characters)
        listed += "" if self.controls else _CONTROLS
        return f"[{of.written}&&[^{listed}]]" if listed else of.written


def escape(text: str) -> str:
    """Returns a regular expression for a text."""
    return "".join(one if one.isalnum() else f"\\x{{{ord(one):x}}}" for one in text)


JSON_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\b": "\\b",
    "\f": "\\f",
}


def json_quoting(markers: Sequence[str]) -> Quoting:
    """The inside of a JSON string that contains none of `markers`."""
    return Quoting(JSON_ESCAPES, controls=False, markers=_usable(markers))


def raw_quoting(markers: Sequence[str]) -> Quoting:
    """Text without quotes, which one of `markers` ends."""
    return Quoting(markers=_usable(markers))


def _usable(markers: Sequence[str]) -> tuple[str, ...]:
    # One character at least must follow the first, or nothing could begin with it.
    return tuple(dict.fromkeys(marker for marker in markers if len(marker) > 1))
