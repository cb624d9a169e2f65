"""Grammars for arguments in Gemma's formats: keys without quotes, strings between markers."""

import re
from dataclasses import dataclass, field
from typing import Any

from ..protocol import Tool
from .lark import Lark, optional_items
from .schema_types import resolve, schema_types
from .tool_arguments import arguments
from .tool_values import Place, Raw, json_value

_OF_ARRAYS = {"items", "minItems", "maxItems"}
_OF_OBJECTS = {"properties", "required", "additionalProperties"}


@dataclass
class GemmaArguments:
    """Adds the arguments of calls to one grammar."""

    lark: Lark
    format: str
    quote: str
    raw: Raw
    nested: bool
    _written: dict[str, str] = field(default_factory=dict)

    def of(self, tool: Tool) -> str:
        """All arguments of a tool, without the braces around them."""
        self._written = {}
        items = [
            (f"{self._key(place)} {self._value(schema, place)}", optional)
            for place, schema, optional in arguments(self.format, tool)
        ]
        return optional_items(items, '","')

    def _key(self, place: Place) -> str:
        if not re.fullmatch(r"\w+", place.name, re.ASCII):
            raise place.unsupported("its name is not all letters, digits and _")
        return self.lark.text(place.name + ":")

    def _value(self, schema: Any, place: Place) -> str:  # noqa: ANN401 — JSON
        if not isinstance(schema, dict):
            schema = {}
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return self._resolved(schema, place)
        if reference not in self._written:
            # Named before it is written: it may refer to itself.
            name = self._written[reference] = self.lark.open_rule()
            self.lark.give_body(name, self._resolved(resolve(schema, place.root), place))
        return self._written[reference]

    def _resolved(self, schema: dict[str, Any], place: Place) -> str:
        for word in ("anyOf", "oneOf"):
            if schema.get(word):
                if schema.keys() & {"type", "enum", "const", "properties", "items"}:
                    raise place.unsupported(f"{word} beside other words")
                return f"({' | '.join(self._value(one, place) for one in schema[word])})"
        strange = schema.keys() & {"allOf", "not", "if", "prefixItems", "patternProperties", "$ref"}
        if strange:
            raise place.unsupported(f"{', '.join(sorted(strange))} in its schema")
        types = schema_types(schema, place.root)
        if len(types) == 7:
            types = frozenset({"string", "number", "boolean", "null"})
        choices = [self._typed(one, schema, place) for one in sorted(types)]
        return f"({' | '.join(choices)})"

    def _typed(self, type_name: str, schema: dict[str, Any], place: Place) -> str:
        others = {key: value for key, value in schema.items() if key != "type"}
        match type_name:
            case "string":
                if "enum" in others:
                    others["enum"] = [one for one in others["enum"] if isinstance(one, str)]
                closing = self.quote
                return (
                    self.lark.markup(closing)
                    + " "
                    + self.raw.value(self.lark, others, closing, place)
                )
            case "array" if self.nested and "enum" not in schema and "const" not in schema:
                return self._array(schema, place)
            case "object" if self.nested and "enum" not in schema and "const" not in schema:
                return self._object(schema, place)
            case "array" | "object":
                raise place.unsupported(f"it is an {type_name}")
        if "enum" in schema:
            kept = [
                one for one in schema["enum"] if schema_types({"const": one}, {}) == {type_name}
            ]
            others["enum"] = kept
        return json_value(self.lark, {"type": type_name, **others}, place)

    def _array(self, schema: dict[str, Any], place: Place) -> str:
        item = self.lark.rule(self._value(schema.get("items", {}), place))
        least, most = schema.get("minItems", 0), schema.get("maxItems")
        if most == 0:
            return '"[]"'
        more = f'("," {item}){{{max(least - 1, 0)},{"" if most is None else most - 1}}}'
        inner = f"({item} {more})" if most != 1 else f"({item})"
        return f'"[" {inner}{"" if least else "?"} "]"'

    def _object(self, schema: dict[str, Any], place: Place) -> str:
        properties: dict[str, Any] = schema.get("properties", {})
        required: list[str] = schema.get("required", [])
        if not properties:
            raise place.unsupported("it is an object without named properties")
        names = [*properties, *(name for name in required if name not in properties)]
        items: list[tuple[str, bool]] = []
        for name in names:
            inner = Place(place.format, place.tool, f"{place.name}.{name}", place.root)
            key = self._key(Place(place.format, place.tool, name, place.root))
            item = f"{key} {self._value(properties.get(name, {}), inner)}"
            items.append((item, name not in required))
        return f'"{{" {optional_items(items, chr(34) + "," + chr(34))} "}}"'


def nested_arguments(lark: Lark, end: str) -> GemmaArguments:
    """Returns the arguments for Gemma 4, whose values can be nested."""
    raw = Raw(('<|"|>', end), strips=False, misread=lambda _: False, misread_as=())
    return GemmaArguments(lark, "gemma4", '<|"|>', raw, nested=True)


def flat_arguments(lark: Lark, end: str) -> GemmaArguments:
    """Returns the arguments for FunctionGemma, whose parser ends a call at the first brace."""
    raw = Raw(("<escape>", "{", "}", "[", end), False, lambda _: False, ())
    return GemmaArguments(lark, "function_gemma", "<escape>", raw, nested=False)
