"""Grammars for the values of arguments in formats that write strings without quotes."""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import EngineError
from .end_markers import text_without
from .lark import Lark
from .schema_types import resolve, schema_types

# Larger whole numbers change when a parser reads them as a float.
_LARGEST = 2**53
# The keywords that a schema for a string may have. `format` is treated as an annotation.
_OF_STRINGS = {
    "type", "enum", "const", "pattern", "minLength", "maxLength", "anyOf", "$ref", "format",
    "$schema", "$id", "$defs", "definitions",
}  # fmt: skip
# Any text without control characters other than tab and line feed, which parsers treat differently.
_ANY = r"[^\x00-\x08\x0B-\x1F\x7F-\x9F]"
# The same without what Python's strip() removes.
_SOLID = r"[^\x00-\x20\x7F-\xA0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]"


@dataclass(frozen=True)
class Argument:
    """An argument of a tool, for a value in a grammar."""

    format: str
    tool: str
    name: str
    root: dict[str, Any]  # the schema with the definitions

    def unsupported(self, reason: str) -> EngineError:
        """Returns the error for an argument that the format can't write reliably."""
        return EngineError(
            "UNSUPPORTED",
            f"The argument {self.name!r} of {self.tool} can't be enforced, because this model's "
            f"format of calls ({self.format}) can't write it reliably: {reason}.",
            'toolChoice "auto" works.',
        )


@dataclass(frozen=True)
class RawText:
    """The texts that a format can have between its markers."""

    forbidden: tuple[str, ...]
    strips: bool = True
    # Texts that the parser reads as something other than a string.
    misread: Callable[[str], bool] = lambda text: text.lower() == "null"
    # The same as regular expressions that a text must not match as a whole.
    misread_as: tuple[str, ...] = ("(?i:null)",)

    def value(self, lark: Lark, schema: dict[str, Any], closing: str, argument: Argument) -> str:
        """A string by `schema`, without quotes, followed by `closing`."""
        strange = schema.keys() - _OF_STRINGS
        if strange:
            raise argument.unsupported(f"text with {', '.join(sorted(strange))}")
        if "enum" in schema or "const" in schema:
            return self._one_of(lark, schema.get("enum", [schema.get("const")]), closing, argument)
        least, most = schema.get("minLength", 0), schema.get("maxLength")
        languages = [f"/{_ANY}{{{least},{'' if most is None else most}}}/"]
        if self.strips:
            languages.append(f"/({_SOLID}({_ANY}*{_SOLID})?)?/")
        if "pattern" in schema:
            languages.append(f"/{_searched(schema['pattern'], argument)}/")
        tags = [mark for mark in self.forbidden if mark.startswith("<")]
        if tags:
            languages.append("/" + text_without(tags).replace("/", "\\/") + "/")
        others = [re.escape(mark) for mark in self.forbidden if mark and mark not in tags]
        languages += [f"~/(?s:.*){mark}(?s:.*)/" for mark in others]
        languages += [f"~/{pattern}/" for pattern in self.misread_as]
        empty = least == 0 and "pattern" not in schema and not self.misread("")
        return lark.until(languages, closing, empty)

    def _one_of(
        self, lark: Lark, values: Sequence[object], closing: str, argument: Argument
    ) -> str:
        texts = [value for value in values if isinstance(value, str) and self._survives(value)]
        if not texts:
            raise argument.unsupported("none of its values can be written unchanged")
        choice = " | ".join(map(lark.text, filter(None, texts)))
        if "" in texts:
            return f"({choice})? {lark.markup(closing)}" if choice else lark.markup(closing)
        return f"({choice}) {lark.markup(closing)}"

    def _survives(self, text: str) -> bool:
        return (
            not self.misread(text)
            and not any(mark in text for mark in self.forbidden if mark)
            and re.fullmatch(f"{_ANY}*", text) is not None
            and (not self.strips or text == text.strip())
        )


def json_value(lark: Lark, schema: object, argument: Argument, **options: object) -> str:
    """JSON by the schema of an argument, which may refer to the definitions of its tool."""
    if isinstance(schema, dict):
        schema = {
            **{key: argument.root[key] for key in ("$defs", "definitions") if key in argument.root},
            **schema,
        }
    return lark.json(schema, **options)


def bounded(schema: object, types: frozenset[str]) -> object:
    """Returns a schema with bounds on unbounded numbers, for parsers that read them as floats."""
    if not isinstance(schema, dict) or not types <= {"integer", "number"}:
        return schema
    if schema.keys() & {"enum", "const", "$ref", "anyOf", "oneOf"}:
        return schema
    low = {} if "exclusiveMinimum" in schema else {"minimum": -_LARGEST}
    high = {} if "exclusiveMaximum" in schema else {"maximum": _LARGEST}
    return {**low, **high, **schema}


def string_part(schema: object, root: dict[str, Any]) -> dict[str, Any]:
    """Returns the part of a schema that is about strings, for a schema of strings or null."""
    if not isinstance(schema, dict):
        return {}
    schema = resolve(schema, root)
    for member in schema.get("anyOf", []):
        if "string" in schema_types(member, root):
            rest = {key: value for key, value in schema.items() if key != "anyOf"}
            return {**rest, **string_part(member, root)}
    return schema


def is_json(text: str) -> bool:
    """Whether a parser that tries JSON first reads the text as a value."""
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _searched(pattern: str, argument: Argument) -> str:
    """Returns a regular expression for a whole text that contains a match of `pattern`."""
    from llguidance import regex_to_lark

    depth, in_class, bar = 0, False, False
    anchors: list[int] = []
    position = 0
    while position < len(pattern):
        character = pattern[position]
        if character == "\\":
            position += 2
            continue
        if in_class:
            in_class = character != "]"
        elif character == "[":
            in_class = True
        elif character in "()":
            depth += 1 if character == "(" else -1
        elif character in "^$":
            anchors.append(position)
        bar = bar or (character == "|" and depth == 0 and not in_class)
        position += 1
    begins = 0 in anchors and pattern.startswith("^")
    ends = len(pattern) - 1 in anchors and pattern.endswith("$")
    if len(anchors) > begins + ends or (anchors and bar):
        raise argument.unsupported(f"^ or $ inside of the pattern {pattern!r}")
    inner = regex_to_lark(pattern[begins : len(pattern) - ends], "dw").replace("\n", "\\n")
    return f"{'' if begins else '(?s:.*)'}({inner}){'' if ends else '(?s:.*)'}"
