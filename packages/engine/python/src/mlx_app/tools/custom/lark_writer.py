"""Writes a grammar again, for free text that is quoted inside of a call.

llguidance takes the longest match of a terminal. A terminal such as `/.*/` would swallow the
beginning of what follows it: of an escape, or of the marker that ends the text. So a repeated class
of characters becomes a rule: runs of characters that need no care, escapes, and beginnings of
markers, each a terminal of its own.
"""

import json
import re

from .lark_reader import LarkSource
from .nodes import Characters, Choice, GrammarError, Name, Node, Repeat, Series, Text
from .quoting import Quoting, escape
from .terminal_check import check_terminals, require

# The characters for which two classes are compared.
_SAMPLE = "".join(map(chr, (*range(0x250), 0x3B1, 0x416, 0x5D0, 0x4E2D, 0x1F600)))


def write_grammar(source: LarkSource, quoting: Quoting) -> str:
    """Returns the body of a nested grammar in llguidance's variant of Lark.

    Raises GrammarError for an unknown name, for a terminal that refers to itself, and for terminals
    that are too large.
    """
    return _Writer(source, quoting).grammar()


class _Writer:
    def __init__(self, source: LarkSource, quoting: Quoting) -> None:
        self._source = source
        self._quoting = quoting
        self._names: dict[str, str] = {"start": "start"}
        # The rules and terminals to write, in the order in which they were named.
        self._pending = ["start"]
        self._terminals: dict[str, str] = {}
        self._runs: dict[str, str] = {}
        self._lines: list[str] = []

    def grammar(self) -> str:
        check_terminals(self._source)
        for node in self._source.ignored:
            self._lines.append(f"%ignore {self._ignored(node)}")
        for name in self._pending:  # it grows meanwhile
            node = self._source.rules[name]
            body = self._terminal(node) if Name(name).is_terminal else self._rule(node)
            self._lines.append(f"{self._names[name]}: {body}")
        shared = [*self._runs.items(), *self._terminals.items()]
        return "\n".join([*self._lines, *(f"{name}: {body}" for body, name in shared)])

    def _rule(self, node: Node) -> str:
        """An expression of rules and terminals."""
        match node:
            case Series(parts):
                return " ".join(f"({self._rule(part)})" for part in parts) or '""'
            case Choice(parts):
                return " | ".join(self._rule(part) for part in parts)
            case Repeat(part, least, most):
                return f"({self._rule(part)}){_count(least, most)}"
            case Name(name):
                require(self._source, name)
                if name not in self._names:
                    self._names[name] = f"rule_{len(self._names)}"
                    self._pending.append(name)
                return self._names[name]
            case _:
                return self._part(node, frozenset())

    def _terminal(self, node: Node) -> str:
        """An expression for a terminal of the source, which is one expression for a text."""
        node = self._inlined(node)
        if self._is_plain(node) and not isinstance(node, Text):
            return self._new(f"/{_regex(node)}/")
        return self._part(node, frozenset())

    def _part(self, node: Node, following: frozenset[str]) -> str:
        """A part of a terminal. `following` is with what the rest of the terminal may begin."""
        match node:
            case Text(value):
                return json.dumps(self._quoting.text(value), ensure_ascii=False)
            case Characters():
                return self._one(node)
            case Choice(parts):
                return f"({' | '.join(self._part(part, following) for part in parts)})"
            case Series(parts):
                written: list[str] = []
                for part in reversed(parts):
                    written.insert(0, self._part(part, following))
                    firsts = _firsts(part)
                    following = firsts | following if _is_empty(part) else firsts
                return f"({' '.join(written)})" if written else '""'
            case Repeat(part, least, most):
                part = _joined(part) if most is None else part
                if _firsts(part) & following:
                    return f"({self._part(part, following)}){_count(least, most)}"
                if self._is_plain(node):
                    return self._new(f"/{_regex(Repeat(part, least or 1, most))}/") + (
                        "" if least else "?"
                    )
                if isinstance(part, Characters) and most is None and least < 2:
                    return self._run(part, least)
                return f"({self._part(part, following)}){_count(least, most)}"
            case Name():
                raise AssertionError("names of terminals are inlined")

    def _one(self, of: Characters) -> str:
        ways = [f"/{_slashed(self._quoting.plain(of, firsts=True))}/"]
        return self._new(" | ".join([*ways, *map(json.dumps, self._quoting.escaped(of))]))

    def _run(self, of: Characters, least: int) -> str:
        """At least `least` characters, which is 0 or 1. No marker can come about in them."""
        quoting = self._quoting
        ways = [self._new(f"/{_slashed(quoting.plain(of, firsts=False))}+/")]
        escaped = quoting.escaped(of)
        if escaped:
            ways.append(self._new(" | ".join(map(json.dumps, escaped))))
        differing, ending = quoting.beginnings(of)
        if not ending:
            return f"({' | '.join(ways)}){_count(least, None)}"
        # Such an end may be followed by anything but plain text, which could complete a marker.
        end = self._new(f"/{_slashed(ending)}/")
        ways.append(f"{end}* {self._new(f'/{_slashed(differing)}/')}")
        run = self._new_rule(" | ".join([*ways, *(f"{end}+ {way}" for way in ways[1:-1])]))
        return f"({run}+ {end}* | {end}+)" + ("" if least else "?")

    def _ignored(self, node: Node) -> str:
        """A terminal. Since it may repeat, one character is enough of a repeated class."""
        node = self._inlined(node)
        if isinstance(node, Repeat) and isinstance(node.part, Characters) and node.least < 2:
            return self._one(node.part)
        if not self._is_plain(node):
            raise GrammarError("%ignore of more than white space is not supported")
        return self._new(f"/{_regex(node)}/")

    def _new(self, body: str) -> str:
        return self._terminals.setdefault(body, f"T_{len(self._terminals)}")

    def _new_rule(self, body: str) -> str:
        return self._runs.setdefault(body, f"run_{len(self._runs)}")

    def _is_plain(self, node: Node) -> bool:
        match node:
            case Text(value):
                firsts = self._quoting.firsts
                return self._quoting.text(value) == value and not set(value) & set(firsts)
            case Characters():
                return self._quoting.is_plain(node)
            case Series(parts) | Choice(parts):
                return all(map(self._is_plain, parts))
            case Repeat(part):
                return self._is_plain(part)
            case Name():
                return False

    def _inlined(self, node: Node) -> Node:
        match node:
            case Name(name):
                return self._inlined(self._source.rules[name])
            case Series(parts):
                return Series(tuple(map(self._inlined, parts)))
            case Choice(parts):
                return Choice(tuple(map(self._inlined, parts)))
            case Repeat(part, least, most):
                return Repeat(self._inlined(part), least, most)
            case _:
                return node


def _joined(node: Node) -> Node:
    """Returns the part of an endless repetition with runs in place of single characters."""
    if not isinstance(node, Choice):
        return node
    return Choice(
        tuple(
            Repeat(part, 1, None) if isinstance(part, Characters) else part for part in node.parts
        )
    )


def _firsts(node: Node) -> frozenset[str]:
    """Returns the characters of the sample with which a part may begin."""
    match node:
        case Text(value):
            return frozenset(value[:1]).intersection(_SAMPLE)
        case Characters():
            return node.of(_SAMPLE)
        case Choice(parts):
            return frozenset().union(*map(_firsts, parts))
        case Series(parts):
            found: frozenset[str] = frozenset()
            for part in parts:
                found |= _firsts(part)
                if not _is_empty(part):
                    break
            return found
        case Repeat(part):
            return _firsts(part)
        case Name():
            return frozenset()


def _is_empty(node: Node) -> bool:
    """Whether a part matches the empty text."""
    match node:
        case Text(value):
            return value == ""
        case Choice(parts):
            return any(map(_is_empty, parts))
        case Series(parts):
            return all(map(_is_empty, parts))
        case Repeat(part, least):
            return least == 0 or _is_empty(part)
        case _:
            return False


def _regex(node: Node) -> str:
    """A regular expression, in slashes of Lark."""
    match node:
        case Text(value):
            return escape(value)
        case Characters(written):
            return _slashed(written)
        case Series(parts):
            return "".join(map(_regex, parts))
        case Choice(parts):
            return f"(?:{'|'.join(map(_regex, parts))})"
        case Repeat(part, least, most):
            return f"(?:{_regex(part)}){_count(least, most)}"
        case Name():
            raise AssertionError("names of terminals are inlined")


def _slashed(expression: str) -> str:
    """Escapes what Lark would read as the end of an expression."""
    return re.sub(
        r"\\(?s:.)|/|\n",
        lambda found: {"/": "\\/", "\n": "\\n", "\\\n": "\\n"}.get(found[0], found[0]),
        expression,
    )


def _count(least: int, most: int | None) -> str:
    short = {(0, None): "*", (1, None): "+", (0, 1): "?", (1, 1): ""}
    return short.get((least, most), f"{{{least},{'' if most is None else most}}}")
