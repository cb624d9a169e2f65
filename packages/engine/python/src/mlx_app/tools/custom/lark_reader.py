"""Reads grammars in the part of Lark's syntax that OpenAI's tools support."""

import ast
import re
from dataclasses import dataclass, field

from .common_terminals import COMMON
from .nodes import (
    Characters,
    GrammarError,
    Name,
    Node,
    Repeat,
    Text,
    any_case,
    choice,
    is_encodable,
    series,
)
from .regex_reader import read_regex

# More rules than any tool has, and deeper groups. Our choice.
_MAX_RULES = 1_000
_MAX_DEPTH = 100
# Digits of a number, far beyond any repetition that can be enforced.
_MAX_DIGITS = 9

_TOKENS = re.compile(
    r"""
    (?P<space>[ \t\f]+|//[^\n]*|\#[^\n]*)
    |(?P<line>(?:\r?\n)+)
    |(?P<directive>%[a-z]+)
    |(?P<string>"(?:\\.|[^"\\\n])*"i?)
    |(?P<regex>/(?!/)(?:\\.|[^/\\\n])+/[a-z]*)
    |(?P<name>[?!]*_?[A-Za-z][A-Za-z0-9_]*)
    |(?P<number>\d+)
    |(?P<sign>->|\.\.|[:|()\[\]{}*+?~,.])
    """,
    re.VERBOSE,
)


@dataclass
class LarkSource:
    """A grammar: its rules and terminals by name, and what may stand between terminals."""

    rules: dict[str, Node] = field(default_factory=dict)
    ignored: list[Node] = field(default_factory=list)

    def expression(self, pattern: str, flags: str = "") -> Name:
        """Adds a regular expression as a terminal, with a name that no grammar can have.

        Raises GrammarError as `read_regex`.
        """
        name = f"R/{len(self.rules)}"
        self.rules[name] = read_regex(pattern, flags)
        return Name(name)


def read_lark(text: str) -> LarkSource:
    """Returns the parts of a grammar.

    Raises GrammarError with the line for what is wrong or not supported.
    """
    source = _Reader(text).source()
    if "start" not in source.rules:
        raise GrammarError("the grammar has no rule named start")
    return source


class _Reader:
    def __init__(self, text: str) -> None:
        self._source = LarkSource()
        self._tokens: list[tuple[str, str, int]] = []
        at, line = 0, 1
        while at < len(text):
            found = _TOKENS.match(text, at)
            if found is None:
                raise GrammarError(f"line {line}: {text[at : at + 20]!r} is not part of Lark")
            kind = str(found.lastgroup)
            # A rule goes on in a line that begins with |.
            while found[0] == "|" and self._tokens and self._tokens[-1][0] == "line":
                self._tokens.pop()
            if kind != "space":
                self._tokens.append((kind, found[0], line))
            line += found[0].count("\n")
            at = found.end()
        self._tokens.append(("line", "", line))
        self._at = 0
        self._depth = 0

    def source(self) -> LarkSource:
        source = self._source
        while self._at < len(self._tokens):
            if self._kind == "line":
                self._at += 1
            elif self._kind == "directive":
                self._directive(source)
            else:
                name = self._name()
                if self._take("."):
                    raise self._wrong("priorities are not supported")
                if self._take("{"):
                    raise self._wrong("templates are not supported")
                self._demand(":")
                self._add(source, name, self._choice())
                self._end_of_line()
        return source

    def _add(self, source: LarkSource, name: str, node: Node) -> None:
        if name in source.rules:
            raise self._wrong(f"{name} is defined twice")
        if len(source.rules) >= _MAX_RULES:
            raise self._wrong(f"it has more than {_MAX_RULES} rules")
        source.rules[name] = node

    def _directive(self, source: LarkSource) -> None:
        word = self._text
        self._at += 1
        if word == "%ignore":
            source.ignored.append(self._choice())
        elif word == "%import":
            self._import(source)
        else:
            raise self._wrong(f"{word} is not supported, only %import common and %ignore")
        self._end_of_line()

    def _import(self, source: LarkSource) -> None:
        if self._name() != "common":
            raise self._wrong("only terminals of common can be imported")
        if self._take("("):
            names = [self._name()]
            while self._take(","):
                names.append(self._name())
            self._demand(")")
            for name in names:
                self._import_one(source, name, name)
            return
        self._demand(".")
        name = self._name()
        self._import_one(source, name, self._name() if self._take("->") else name)

    def _import_one(self, source: LarkSource, name: str, alias: str) -> None:
        written = COMMON.get(name)
        if written is None:
            raise self._wrong(f"there is no common.{name}; there are: {', '.join(COMMON)}")
        self._add(source, alias, read_regex(written))

    def _choice(self) -> Node:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._wrong(f"groups are nested more than {_MAX_DEPTH} deep")
        parts = [self._series()]
        while self._take("|"):
            parts.append(self._series())
        self._depth -= 1
        return choice(parts)

    def _series(self) -> Node:
        parts: list[Node] = []
        while self._kind in ("string", "regex", "name") or self._text in ("(", "["):
            parts.append(self._repeated(self._atom()))
        if self._take("->"):
            self._name()
        return series(parts)

    def _repeated(self, node: Node) -> Node:
        while True:
            if self._take("*"):
                node = Repeat(node, 0, None)
            elif self._take("+"):
                node = Repeat(node, 1, None)
            elif self._take("?"):
                node = Repeat(node, 0, 1)
            elif self._take("~"):
                least = self._number()
                node = Repeat(node, least, self._number() if self._take("..") else least)
            elif self._take("{"):
                least = self._number()
                most: int | None = least
                if self._take(","):
                    most = self._number() if self._kind == "number" else None
                self._demand("}")
                node = Repeat(node, least, most)
            else:
                return node

    def _atom(self) -> Node:
        kind, text, _ = self._tokens[self._at]
        if self._take("("):
            node = self._choice()
            self._demand(")")
            return node
        if self._take("["):
            node = self._choice()
            self._demand("]")
            return Repeat(node, 0, 1)
        self._at += 1
        if kind == "name":
            return Name(text.lstrip("?!"))
        if kind == "regex":
            end = text.rindex("/")
            return self._source.expression(text[1:end].replace("\\/", "/"), text[end + 1 :])
        return self._string(text)

    def _string(self, written: str) -> Node:
        text = self._value(written)
        if not self._take(".."):
            return any_case(text) if written.endswith("i") else Text(text)
        last = self._value(self._text)
        self._at += 1
        if len(text) != 1 or len(last) != 1 or text > last:
            raise self._wrong("a range needs one character on each side")
        return Characters(f"[{re.escape(text)}-{re.escape(last)}]")

    def _value(self, written: str) -> str:
        try:
            value = ast.literal_eval(written.removesuffix("i").replace("\\/", "/"))
        except (SyntaxError, ValueError) as error:
            raise self._wrong(f"{written} is not a text") from error
        if not is_encodable(str(value)):
            raise self._wrong(f"{written} has half of a surrogate pair")
        return str(value)

    def _name(self) -> str:
        if self._kind != "name":
            raise self._wrong(f"{self._text!r} stands where a name was expected")
        self._at += 1
        return self._tokens[self._at - 1][1].lstrip("?!")

    def _number(self) -> int:
        if self._kind != "number":
            raise self._wrong(f"{self._text!r} stands where a number was expected")
        if len(self._text) > _MAX_DIGITS:
            raise self._wrong(f"a number has more than {_MAX_DIGITS} digits")
        self._at += 1
        return int(self._tokens[self._at - 1][1])

    def _end_of_line(self) -> None:
        if self._kind != "line":
            raise self._wrong(f"{self._text!r} is not supported here")

    @property
    def _kind(self) -> str:
        return self._tokens[self._at][0]

    @property
    def _text(self) -> str:
        return self._tokens[self._at][1]

    def _take(self, text: str) -> bool:
        if self._kind != "sign" or self._text != text:
            return False
        self._at += 1
        return True

    def _demand(self, text: str) -> None:
        if not self._take(text):
            raise self._wrong(f"{self._text!r} stands where {text} was expected")

    def _wrong(self, reason: str) -> GrammarError:
        line = self._tokens[min(self._at, len(self._tokens) - 1)][2]
        return GrammarError(f"line {line}: {reason}")
