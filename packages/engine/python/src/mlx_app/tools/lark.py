"""Writes grammars in llguidance's variant of Lark."""

import json
import re
from collections.abc import Callable, Sequence

from ..json_schema.spacing import spaced
from .end_markers import without_end_markers

# What may be one token in a vocabulary: <tag>, <|tag|>, [TAG].
_TAG = re.compile(r"(<[^<>\s]*>|\[[A-Z_]+\])")


class Lark:
    """Collects rules. The methods return expressions for further rules."""

    def __init__(self, token_of: Callable[[str], int | None], markers: Sequence[str] = ()) -> None:
        """`token_of`: returns the token for all of a text, if the model has one.

        `markers`, each beginning with `<`, are kept out of JSON strings.
        """
        self._token_of = token_of
        self._markers = tuple(markers)
        self._names: dict[str, str] = {}
        self._rules: list[str] = []

    @property
    def markers(self) -> tuple[str, ...]:
        """The texts that are kept out of JSON strings."""
        return self._markers

    def grammar(self, start: str) -> str:
        """Returns the whole grammar, which begins with the expression `start`."""
        return "\n".join([f"start: {start}", *self._rules, ""])

    def rule(self, body: str) -> str:
        """Adds a rule, unless there is one with that body."""
        return self._add(body, "rule_")

    def terminal(self, body: str) -> str:
        """Adds a terminal: a regular language, of which the longest match counts."""
        return self._add(body, "TEXT_")

    def open_rule(self) -> str:
        """Returns the name of a new rule that may refer to itself; `give_body` completes it."""
        self._names[f"open {len(self._names)}"] = name = f"rule_{len(self._names)}"
        return name

    def give_body(self, name: str, body: str) -> None:
        """Completes a rule of `open_rule`."""
        self._rules.append(f"{name}: {body}")

    def json(self, schema: object, **options: object) -> str:
        """JSON by a schema, with the white space of json.dumps and most chat templates."""
        schema = spaced(without_end_markers(schema, self._markers), **options)
        return self.rule(f"%json {json.dumps(schema)}")

    def text(self, text: str) -> str:
        """Exactly this text, in any tokens."""
        return json.dumps(text, ensure_ascii=False)

    def markup(self, text: str) -> str:
        """Exactly this text, in which tags with a token of their own are that token."""
        return " ".join(self._parts(text)) or '""'

    def until(self, languages: Sequence[str], closing: str, empty: bool) -> str:
        """Free text, followed by the markup `closing`.

        `languages` are regular expressions of terminals, all of which must match the text. `empty`:
        whether they match the empty text.
        """
        body = " & ".join(languages)
        first, *rest = self._parts(closing)
        if not first.startswith('"'):
            free = self.terminal(body)
            return " ".join([f"{free}?" if empty else free, first, *rest])
        # One terminal with the marker, or the longest match would swallow its beginning.
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
    """Returns items in their order with a separator, which is an expression; "" without items.

    Those with True are optional.
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
