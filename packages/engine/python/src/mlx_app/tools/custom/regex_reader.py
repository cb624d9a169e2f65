"""Reads regular expressions, in the syntax of Rust's regex crate, which OpenAI's tools use."""

import re

from .nodes import (
    Characters,
    Choice,
    GrammarError,
    Node,
    Repeat,
    Text,
    any_case,
    choice,
    is_encodable,
    series,
)

_CLASS = re.compile(r"\[\^?\]?(?:\\.|[^\]\\\[])*\]", re.DOTALL)
_COUNT = re.compile(r"\{(\d+)(?:(,)(\d*))?\}")
_GROUP = re.compile(r"\?(?::|P?<[A-Za-z_]\w*>)")
_HEX = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|[xu]\{([0-9A-Fa-f]{1,6})\})")
_CONTROLS = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v", "a": "\a"}
# A repetition of repetitions is refused by llguidance beyond its own limits.
_MAX_COUNT = 10_000
_MAX_COUNT_LENGTH = 20
_MAX_DEPTH = 100


def read_regex(pattern: str, flags: str = "") -> Node:
    """Returns the parts of an expression that matches a whole text.

    Raises GrammarError for what is wrong or not supported: look-around, back references, and
    anchors inside of the expression.
    """
    unknown = set(flags) - set("isu")
    if unknown:
        raise GrammarError(f"the flag {min(unknown)} of /{pattern}/ is not supported")
    return _Reader(pattern, flags).whole()


class _Reader:
    def __init__(self, pattern: str, flags: str) -> None:
        self._pattern = pattern
        self._any_case = "i" in flags
        self._dot = r"[\s\S]" if "s" in flags else r"[^\n]"
        self._at = 1 if pattern.startswith("^") else 0
        # A final $ is an anchor unless it is escaped.
        stem = pattern.removesuffix("$")
        escaped = (len(stem) - len(stem.rstrip("\\"))) % 2 == 1
        self._end = len(pattern) if escaped else len(stem)
        self._depth = 0

    def whole(self) -> Node:
        node = self._choice()
        if self._at < self._end:
            raise self._wrong("there is no group to close")
        anchored = self._at != len(self._pattern) or self._pattern.startswith("^")
        if anchored and isinstance(node, Choice):
            raise self._wrong("^ and $ must be outside of a group with |")
        return node

    def _choice(self) -> Node:
        parts = [self._series()]
        while self._take("|"):
            parts.append(self._series())
        return choice(parts)

    def _series(self) -> Node:
        parts: list[Node] = []
        while self._at < self._end and self._pattern[self._at] not in "|)":
            node = self._repeated(self._atom())
            if isinstance(node, Text) and parts and isinstance(parts[-1], Text):
                node = Text(parts.pop().value + node.value)  # type: ignore[union-attr]
            parts.append(node)
        return series(parts)

    def _repeated(self, node: Node) -> Node:
        while self._at < self._end:
            count = _COUNT.match(self._pattern, self._at, self._end)
            if self._take("*"):
                node = Repeat(node, 0, None)
            elif self._take("+"):
                node = Repeat(node, 1, None)
            elif self._take("?"):
                node = Repeat(node, 0, 1)
            elif count:
                self._at = count.end()
                if len(count[0]) > _MAX_COUNT_LENGTH:
                    raise self._wrong("the numbers of a repetition are too large")
                least = int(count[1])
                most = least if not count[2] else int(count[3]) if count[3] else None
                if max(least, most or 0) > _MAX_COUNT or (most is not None and most < least):
                    raise self._wrong(f"{count[0]} is not a valid repetition")
                node = Repeat(node, least, most)
            else:
                break
            # Lazy repetitions match the same texts.
            self._take("?")
        return node

    def _atom(self) -> Node:
        character = self._pattern[self._at]
        if character == "(":
            return self._group()
        if character == "[":
            return self._class()
        self._at += 1
        if character == "\\":
            return self._escape()
        if character == ".":
            return Characters(self._dot)
        if character in "^$":
            raise self._wrong(f"{character} is supported only at the ends")
        if character in "*+?":
            raise self._wrong(f"there is nothing before {character} to repeat")
        return any_case(character) if self._any_case else Text(character)

    def _group(self) -> Node:
        self._at += 1
        if self._pattern.startswith("?", self._at):
            kind = _GROUP.match(self._pattern, self._at)
            if kind is None:
                start = self._pattern[self._at - 1 : self._at + 3]
                raise self._wrong(f"{start} is not supported (look-around, flags)")
            self._at = kind.end()
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise self._wrong(f"it is nested more than {_MAX_DEPTH} deep")
        node = self._choice()
        self._depth -= 1
        if not self._take(")"):
            raise self._wrong("a group has no end")
        return node

    def _class(self) -> Node:
        found = _CLASS.match(self._pattern, self._at, self._end)
        if found is None:
            raise self._wrong("a class of characters has no end, or one inside of it")
        self._at = found.end()
        written = found[0].replace("&&", r"&\&")
        if not self._any_case:
            return Characters(written)
        # Each letter of ASCII in both cases.
        plain = Characters(written)
        negated = written.startswith("[^")
        others = "".join(
            one.swapcase()
            for one in map(chr, range(128))
            if one.isalpha() and plain.has(one) != negated and plain.has(one.swapcase()) == negated
        )
        before = 2 if negated else 1
        return Characters(written[:before] + others + written[before:]) if others else plain

    def _escape(self) -> Node:
        if self._at >= self._end:
            raise self._wrong("it ends with \\")
        coded = _HEX.match(self._pattern, self._at - 1)
        if coded:
            self._at = coded.end()
            code = int(coded[1] or coded[2] or coded[3], 16)
            if code > 0x10FFFF:
                raise self._wrong(f"{coded[0]} is not a character")
            if not is_encodable(chr(code)):
                raise self._wrong(f"{coded[0]} is half of a surrogate pair")
            return Text(chr(code))
        character = self._pattern[self._at]
        self._at += 1
        if character in "dDwWsS":
            return Characters(f"\\{character}")
        if character in _CONTROLS:
            return Text(_CONTROLS[character])
        if character.isalnum():
            raise self._wrong(f"\\{character} is not supported")
        return Text(character)

    def _take(self, text: str) -> bool:
        if self._at >= self._end or not self._pattern.startswith(text, self._at):
            return False
        self._at += len(text)
        return True

    def _wrong(self, reason: str) -> GrammarError:
        return GrammarError(f"the regular expression /{self._pattern[:200]}/ is wrong: {reason}")
