"""Writes grammars in llguidance's variant of Lark."""

import json
import re
from collections.abc import Callable, Sequence

from .end_markers import without_end_markers

# What may be one token of its own in a vocabulary: <tag>, <|tag|>, [TAG].
_TAG = re.compile(r"(<[^<>\s]*>|\[[A-Z_]+\])")


class Lark:
    """Collects rules; what the methods give are expressions to build further rules of."""

    def __init__(self, token_of: Callable[[str], int | None], marks: Sequence[str] = ()) -> None:
        """`token_of`: the token that stands for all of a text, if the model has one.

        `marks`, each beginning with `<`, are kept out of the strings of JSON.
        """
        self._token_of = token_of
        self._marks = tuple(marks)
        self._names: dict[str, str] = {}
        self._rules: list[str] = []

    def grammar(self, start: str) -> str:
        """The whole grammar; it begins with the expression `start`."""
        return "\n".join([f"start: {start}", *self._rules, ""])

    def rule(self, body: str) -> str:
        """A rule, or the one of before with that body."""
        return self._add(body, "rule_")

    def terminal(self, body: str) -> str:
        """A terminal: a regular language, in which the longest match counts."""
        return self._add(body, "TEXT_")

    def open_rule(self) -> str:
        """The name of a rule that may speak of itself; give_body() completes it."""
        self._names[f"open {len(self._names)}"] = name = f"rule_{len(self._names)}"
        return name

    def give_body(self, name: str, body: str) -> None:
        """Completes a rule of open_rule()."""
        self._rules.append(f"{name}: {body}")

    def json(self, schema: object, **options: object) -> str:
        """JSON by a schema, spaced as Python's json.dumps does and with it most chat templates."""
        spaced = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
        schema = without_end_markers({} if schema is True else schema, self._marks)
        if isinstance(schema, dict):
            schema = {**schema, "x-guidance": {**spaced, **options}}
        return self.rule(f"%json {json.dumps(schema)}")

    def text(self, text: str) -> str:
        """Exactly this text, in whatever tokens."""
        return json.dumps(text, ensure_ascii=False)

    def markup(self, text: str) -> str:
        """Exactly this text, where tags that have a token of their own are that token."""
        return " ".join(self._parts(text)) or '""'

    def until(self, languages: Sequence[str], closing: str, empty: bool) -> str:
        """Free text and the markup `closing` behind it.

        `languages` are regular expressions of terminals, all of which have to match the text.
        `empty`: whether they match no text at all.
        """
        body = " & ".join(languages)
        first, *rest = self._parts(closing)
        if not first.startswith('"'):
            free = self.terminal(body)
            return " ".join([f"{free}?" if empty else free, first, *rest])
        # One terminal with the marker, or the longest match would swallow the marker's beginning.
        return " ".join([self.terminal(f"({body}) {first}"), *rest])

    def _parts(self, text: str) -> list[str]:
        parts: list[str] = []
        plain = ""
        for piece in _TAG.split(text):
            token = self._token_of(piece) if _TAG.fullmatch(piece) else None
            if token is None:
                plain += piece
                continue
            parts += [self.text(plain)] if plain else []
            parts.append(f"<[{token}]>")
            plain = ""
        return parts + ([self.text(plain)] if plain else [])

    def _add(self, body: str, prefix: str) -> str:
        name = self._names.get(prefix + body)
        if name is None:
            name = self._names[prefix + body] = f"{prefix}{len(self._names)}"
            self._rules.append(f"{name}: {body}")
        return name


def optional_items(items: Sequence[tuple[str, bool]], separator: str) -> str:
    """Items in their order, those with True may be left out, `separator` (an expression) between.

    Empty if there are none.
    """

    def following(index: int) -> str:
        parts = (
            f"({separator} {item})" + ("?" if optional else "") for item, optional in items[index:]
        )
        return " ".join(parts)

    firsts: list[str] = []
    for index, (item, optional) in enumerate(items):
        firsts.append(f"{item} {following(index + 1)}".strip())
        if not optional:
            break
    if not firsts:
        return ""
    everything_optional = all(optional for _, optional in items)
    return "(" + " | ".join(firsts) + ")" + ("?" if everything_optional else "")
