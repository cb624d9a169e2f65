"""Grammars for arguments in Gemma's formats: keys without quotes, strings between markers."""

import re
from dataclasses import dataclass, field, replace
from typing import Any

from ..protocol import Tool
from .lark import Lark, optional_items
from .schema_types import resolve, schema_types
from .tool_arguments import arguments
from .tool_values import Argument, RawText, json_value

_OF_ARRAYS = {"items", "minItems", "maxItems"}
_OF_OBJECTS = {"properties", "required", "additionalProperties"}


@dataclass
class GemmaArguments:
    """Adds the arguments of calls to one grammar."""

    lark: Lark
    format: str
    quote: str
    raw: RawText
    nested: bool
    _written: dict[str, str] = field(default_factory=dict)

    def of(self, tool: Tool) -> str:
        """All arguments of a tool, without the braces around them."""
        self._written = {}
        items = [
            (f"{self._key(argument)} {self._value(schema, argument)}", optional)
            for argument, schema, optional in arguments(self.format, tool)
        ]
        return optional_items(items, '","')

    def _key(self, argument: Argument) -> str:
        if not re.fullmatch(r"\w+", argument.name, re.ASCII):
            raise argument.unsupported("its name is not all letters, digits and _")
        return self.lark.text(argument.name + ":")

    def _value(self, schema: Any, argument: Argument) -> str:  # noqa: ANN401 — JSON
        if not isinstance(schema, dict):
            schema = {}
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return self._resolved(schema, argument)
        if reference not in self._written:
            # Named before it is written: it may refer to itself.
            name = self._written[reference] = self.lark.open_rule()
            self.lark.give_body(name, self._resolved(resolve(schema, argument.root), argument))
        return self._written[reference]

    def _resolved(self, schema: dict[str, Any], argument: Argument) -> str:
        for word in ("anyOf", "oneOf"):
            if schema.get(word):
                if schema.keys() & {"type", "enum", "const", "properties", "items"}:
                    raise argument.unsupported(f"{word} beside other words")
                return f"({' | '.join(self._value(one, argument) for one in schema[word])})"
        strange = schema.keys() & {"allOf", "not", "if", "prefixItems", "patternProperties", "$ref"}
        if strange:
            raise argument.unsupported(f"{', '.join(sorted(strange))} in its schema")
        types = schema_types(schema, argument.root)
        if len(types) == 7:
            types = frozenset({"string", "number", "boolean", "null"})
        choices = [self._typed(one, schema, argument) for one in sorted(types)]
        return f"({' | '.join(choices)})"

    def _typed(self, type_name: str, schema: dict[str, Any], argument: Argument) -> str:
        others = {key: value for key, value in schema.items() if key != "type"}
        match type_name:
            case "string":
                if "enum" in others:
                    others["enum"] = [one for one in others["enum"] if isinstance(one, str)]
                closing = self.quote
                return (
                    self.lark.markup(closing)
                    + " "
                    + self.raw.value(self.lark, others, closing, argument)
                )
            case "array" if self.nested and "enum" not in schema and "const" not in schema:
                return self._array(schema, argument)
            case "object" if self.nested and "enum" not in schema and "const" not in schema:
                return self._object(schema, argument)
            case "array" | "object":
                raise argument.unsupported(f"it is an {type_name}")
        if "enum" in schema:
            kept = [
                one for one in schema["enum"] if schema_types({"const": one}, {}) == {type_name}
            ]
            others["enum"] = kept
        return json_value(self.lark, {"type": type_name, **others}, argument)

    def _array(self, schema: dict[str, Any], argument: Argument) -> str:
        item = self.lark.rule(self._value(schema.get("items", {}), argument))
        least, most = schema.get("minItems", 0), schema.get("maxItems")
        if most == 0:
            return '"[]"'
        more = f'("," {item}){{{max(least - 1, 0)},{"" if most is None else most - 1}}}'
        inner = f"({item} {more})" if most != 1 else f"({item})"
        return f'"[" {inner}{"" if least else "?"} "]"'

    def _object(self, schema: dict[str, Any], argument: Argument) -> str:
        properties: dict[str, Any] = schema.get("properties", {})
        required: list[str] = schema.get("required", [])
        if not properties:
            raise argument.unsupported("it is an object without named properties")
        names = [*properties, *(name for name in required if name not in properties)]
        items: list[tuple[str, bool]] = []
        for name in names:
            inner = replace(argument, name=f"{argument.name}.{name}")
            key = self._key(replace(argument, name=name))
            item = f"{key} {self._value(properties.get(name, {}), inner)}"
            items.append((item, name not in required))
        return f'"{{" {optional_items(items, chr(34) + "," + chr(34))} "}}"'


def nested_arguments(lark: Lark, end: str) -> GemmaArguments:
    """Returns the arguments for Gemma 4, whose values can be nested."""
    raw = RawText(('<|"|>', end), strips=False, misread=lambda _: False, misread_as=())
    return GemmaArguments(lark, "gemma4", '<|"|>', raw, nested=True)


def flat_arguments(lark: Lark, end: str) -> GemmaArguments:
    """Returns the arguments for FunctionGemma, whose parser ends a call at the first brace."""
    raw = RawText(("<escape>", "{", "}", "[", end), False, lambda _: False, ())
    return GemmaArguments(lark, "function_gemma", "<escape>", raw, nested=False)
