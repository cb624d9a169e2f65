"""Parses the text between the markers of a tool call, or says what is wrong with it."""

import math
import secrets
from collections.abc import Sequence
from typing import Any

import msgspec

from ..mlx_lm_adapter.text import ToolParser, parse_gemma4
from ..protocol import Tool, ToolCall, ToolError
from .tool_call_shapes import split_calls

# Characters between two markers; longer texts are reported without being parsed. Our choice: more
# than a model writes into one call, and what the slowest parser reads in a second.
MAX_CHARACTERS = 1_000_000
MAX_ID_CHARACTERS = 256
MAX_DEPTH = 100


def read_calls(
    raw: str, parser: ToolParser, tools: Sequence[Tool]
) -> tuple[list[ToolCall], list[ToolError]]:
    """Returns the calls in `raw`, the text between two markers, and errors for the rest of it.

    Each part of the text ends up in one of the two lists. Never raises.
    """
    calls: list[ToolCall] = []
    errors: list[ToolError] = []
    offered = {tool.name: tool for tool in tools}
    try:
        if len(raw) > MAX_CHARACTERS:
            raise ValueError(f"it is longer than {MAX_CHARACTERS} characters")
        texts = split_calls(parser.name, raw)
    except (ValueError, RecursionError) as error:
        return [], [_error(raw, error)]
    for text in texts:
        try:
            items = _parse(text, parser, offered)
        except Exception as error:  # parsers raise all sorts of things for text they can't read
            errors.append(_error(text, error))
            continue
        for item in items:
            try:
                calls.append(_call(item, offered))
            except (ValueError, RecursionError) as error:
                errors.append(_error(text, error))
    return calls, errors


def template_tools(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    """Returns tools in the form that chat templates expect, which is OpenAI's."""
    return [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": tool.parameters,
            },
        }
        for tool in tools
    ]


def _parse(text: str, parser: ToolParser, offered: dict[str, Tool]) -> list[object]:
    if parser.name == "longcat" and text in offered:
        return [{"name": text, "arguments": {}}]  # the parser expects an argument
    tools = [_for_parser(tool) for tool in offered.values()]
    nested = text.count("{") > 1 or "[" in text or "}" in text[:-1] or len(text) > 50_000
    if parser.name == "function_gemma" and nested:
        # Its own parser knows no nested values and no braces in strings, and is slow.
        result = parse_gemma4(text.replace("<escape>", '<|"|>'), tools)
    else:
        result = parser.parse(text, tools)
    if parser.name == "glm47" and isinstance(result, dict) and text[:1] != "{":
        arguments = result.get("arguments")
        if isinstance(arguments, dict) and arguments.keys() == {"raw"} and "<arg_key>" not in text:
            raise ValueError("its arguments could not be read")  # the parser names them so
    items = result if isinstance(result, list) else [result]
    if not items:
        raise ValueError("no call was found in it")
    return items


def _for_parser(tool: Tool) -> dict[str, Any]:
    """Returns the types of properties, which parsers look up; they expect less than JSON Schema."""
    properties = tool.parameters.get("properties")
    known = properties if isinstance(properties, dict) else {}
    return {
        "type": "function",
        "function": {
            "name": tool.name,
            "parameters": {
                "type": "object",
                "properties": {k: v for k, v in known.items() if isinstance(v, dict)},
            },
        },
    }


def _call(item: object, offered: dict[str, Tool]) -> ToolCall:
    if not isinstance(item, dict):
        raise ValueError("it is not an object with a name and arguments")
    name = item.get("name")
    if not isinstance(name, str):
        raise ValueError("it has no name")
    if name not in offered:
        raise ValueError(f"there is no tool {name!r}; there are: {', '.join(offered)}")
    if "arguments" not in item and not item.keys() - {"name", "id", "type"}:
        arguments: object = {}
    else:
        arguments = item.get("arguments")
    if isinstance(arguments, str):
        arguments = msgspec.json.decode(arguments)
    if not isinstance(arguments, dict):
        raise ValueError("its arguments are not an object")
    _check_json(arguments)
    call = ToolCall(id=_id(item.get("id")), name=name, arguments=arguments)
    msgspec.json.encode(call)  # refuses half characters
    return call


def _id(given: object) -> str:
    if isinstance(given, str) and 0 < len(given) <= MAX_ID_CHARACTERS and given.isprintable():
        return given
    return f"call_{secrets.token_hex(12)}"


def _check_json(value: object, depth: int = 0) -> None:
    """Refuses values that JSON does not have, which parsers that read Python may return."""
    if depth > MAX_DEPTH:
        raise ValueError(f"its arguments are nested more than {MAX_DEPTH} deep")
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str) or not key:
                raise ValueError("an argument has no name")
            _check_json(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            _check_json(inner, depth + 1)
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"JSON has no {value}")
    elif value is not None and not isinstance(value, str | int):
        raise ValueError(f"JSON has no {type(value).__name__}")


def _error(raw: str, error: Exception) -> ToolError:
    reason = str(error) or type(error).__name__
    return ToolError(raw=raw, message=f"Not a tool call: {reason.rstrip('.')[:500]}.")
