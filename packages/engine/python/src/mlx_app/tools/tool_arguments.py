"""Grammars for the arguments of a call in formats other than JSON, one function for each."""

import keyword
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from ..errors import EngineError
from ..protocol import Tool
from .lark import Lark, optional_items
from .schema_types import schema_types
from .tool_values import Argument, RawText, bounded, is_json, json_value, string_part

# The keywords that the schema of all arguments may have; others constrain several arguments.
_OF_ARGUMENTS = {
    "type", "properties", "required", "additionalProperties", "$schema", "$id", "$defs",
    "definitions",
}  # fmt: skip

Value = Callable[[Lark, Any, Argument, str], str]


def arguments(format_name: str, tool: Tool) -> Iterator[tuple[Argument, Any, bool]]:
    """Yields each argument with its schema, and whether it is optional."""
    root = tool.parameters
    strange = sorted(root.keys() - _OF_ARGUMENTS)
    if strange:
        raise EngineError(
            "UNSUPPORTED",
            f"A call of {tool.name} can't be enforced in this model's format ({format_name}): "
            f"{', '.join(strange)} in its schema.",
            'toolChoice "auto" works.',
        )
    properties: dict[str, Any] = root.get("properties", {})
    required: list[str] = root.get("required", [])
    for name in [*properties, *(name for name in required if name not in properties)]:
        schema = properties.get(name, True)
        if schema is not False or name in required:
            yield Argument(format_name, tool.name, name, root), schema, name not in required


def tagged(
    lark: Lark, format_name: str, tool: Tool, opening: str, closing: str, value: Value
) -> str:
    """Arguments between tags; `opening` is formatted with the name of the argument."""
    items: list[tuple[str, bool]] = []
    for argument, schema, optional in arguments(format_name, tool):
        if not re.fullmatch(r"[^\s<>\"'&=\x00-\x1f]+", argument.name):
            raise argument.unsupported("its name has special characters of the format")
        item = (
            lark.markup(opening.format(argument.name))
            + " "
            + value(lark, schema, argument, closing)
        )
        items.append((lark.rule(item), optional))
    return optional_items(items, "")


def glm_value(end: str) -> Value:
    """Plain text if the type is string, otherwise JSON."""
    raw = RawText(("</arg_value>", end), misread=lambda _: False, misread_as=())

    def value(lark: Lark, schema: Any, argument: Argument, closing: str) -> str:  # noqa: ANN401
        if isinstance(schema, dict) and schema.get("type") == "string":
            return raw.value(lark, schema, closing, argument)
        return f"{json_value(lark, schema, argument)} {lark.markup(closing)}"

    return value


def muse_value(end: str) -> Value:
    """JSON, or plain text that can't be mistaken for JSON."""
    raw = RawText(
        ("</atem:parameter>", "</atem:invoke>", end),
        misread=is_json,
        misread_as=(r'["\[{\-0-9](?s:.*)', "true|false|null|NaN|Infinity"),
    )

    def value(lark: Lark, schema: Any, argument: Argument, closing: str) -> str:  # noqa: ANN401
        quoted = f"{json_value(lark, schema, argument)} {lark.markup(closing)}"
        if not isinstance(schema, dict) or schema_types(schema, argument.root) != {"string"}:
            return quoted
        try:
            plain = raw.value(lark, string_part(schema, argument.root), closing, argument)
        except EngineError:  # quoted, it can be written
            return quoted
        return f"({plain} | {quoted})"

    return value


def qwen_value(end: str) -> Value:
    """Plain text or JSON, as the parser will read it by the keyword `type` of the schema."""
    raw = RawText(("</parameter>", "</function>", end), strips=False)
    untyped = replace(
        raw,
        misread=lambda text: text.lower() == "null" or text.lstrip()[:1] in ("[", "{"),
        misread_as=("(?i:null)", r"\s*[\[{](?s:.*)"),
    )

    def value(lark: Lark, schema: Any, argument: Argument, closing: str) -> str:  # noqa: ANN401
        types = schema_types(schema, argument.root)
        said = schema.get("type") if isinstance(schema, dict) else None
        as_json = False
        if isinstance(said, str):
            if said == "string":
                return raw.value(lark, schema, closing, argument)
            as_json = True
        elif isinstance(said, list):
            # The parser reads these as Python.
            as_json = types <= {"integer", "number", "null"}
        elif types <= {"string", "null"}:
            text = untyped.value(lark, string_part(schema, argument.root), closing, argument)
            null = lark.markup("null" + closing)
            return f"({text} | {null})" if "null" in types else text
        elif not isinstance(schema, dict) or len(types) == 7:
            return untyped.value(
                lark, schema if isinstance(schema, dict) else {}, closing, argument
            )
        else:
            as_json = types <= {"object", "array", "null"}
        if not as_json:
            raise argument.unsupported(f"its types are {', '.join(sorted(types))}")
        return f"{json_value(lark, bounded(schema, types), argument)} {lark.markup(closing)}"

    return value


def minimax_value(end: str, forbidden: tuple[str, ...], cdata: bool = False) -> Value:
    """Plain text or JSON, as the parser will read it by the types that it finds in the schema.

    `cdata`: text with special characters of XML is in a CDATA section.
    """
    raws = [("", "", RawText((*forbidden, end)))]
    if cdata:
        special = r"(?s:.*)[<&\n](?s:.*)"
        plain = RawText(
            (),
            misread=lambda t: t.lower() == "null" or re.search("[<&\n]", t) is not None,
            misread_as=("(?i:null)", special),
        )
        raws = [
            ("", "", plain),
            ("<![CDATA[", "]]>", RawText((*forbidden, end, "]]>"), strips=False)),
        ]

    def text(
        lark: Lark, schema: dict[str, Any], argument: Argument, closing: str, null: bool
    ) -> str:
        choices: list[str] = []
        for before, after, plain in raws:
            raw = plain
            if null:
                raw = replace(raw, misread_as=(*raw.misread_as, "(?i:none|nil)"))
            try:
                written = raw.value(lark, schema, after + closing, argument)
            except EngineError as error:
                if (before, after, plain) == raws[-1] and not choices:
                    raise error
                continue
            choices.append(f"{lark.text(before)} {written}" if before else written)
        if null:
            choices.append(lark.markup("null" + closing))
        return f"({' | '.join(choices)})"

    def value(lark: Lark, schema: Any, argument: Argument, closing: str) -> str:  # noqa: ANN401
        types = schema_types(schema, argument.root)
        if not isinstance(schema, dict) or (len(types) == 7 and "$ref" not in schema):
            return text(lark, schema if isinstance(schema, dict) else {}, argument, closing, False)
        # The parser follows no references, and reads what it doesn't know as a string.
        seen = schema_types(_without_references(schema), {})
        if types <= {"string", "null"} and "string" in types and seen == types:
            part = string_part(schema, argument.root)
            part = {**part, **({"enum": _strings(part["enum"])} if "enum" in part else {})}
            return text(lark, part, argument, closing, "null" in types)
        if "string" in types or seen != types:
            raise argument.unsupported(f"its types are {', '.join(sorted(types))}")
        return f"{json_value(lark, bounded(schema, types), argument)} {lark.markup(closing)}"

    return value


def _strings(values: list[object]) -> list[object]:
    return [value for value in values if isinstance(value, str)]


def _without_references(schema: object) -> object:
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema and "type" not in schema:
        return {"type": "string"}
    return {
        key: [_without_references(one) for one in value] if key in ("anyOf", "oneOf") else value
        for key, value in schema.items()
    }


def pythonic(lark: Lark, tool: Tool) -> str:
    """Named arguments of a Python call, with JSON's literals, which the parser reads too."""
    if not all(map(_is_name, tool.name.split("."))):
        raise EngineError(
            "UNSUPPORTED",
            f"A call of {tool.name} can't be enforced in this model's format (pythonic): "
            "its name is not valid in Python.",
            'toolChoice "auto" works.',
        )
    items: list[tuple[str, bool]] = []
    for argument, schema, optional in arguments("pythonic", tool):
        if not _is_name(argument.name):
            raise argument.unsupported("its name is not valid in Python")
        # Python has no \/ and takes half characters (\ud83d) as they are.
        written = json_value(lark, schema, argument, json_allowed_escapes='"\\bfnrt')
        items.append((f"{lark.text(argument.name + '=')} {written}", optional))
    return optional_items(items, lark.text(", "))


def _is_name(text: str) -> bool:
    return text.isascii() and text.isidentifier() and not keyword.iskeyword(text)
