"""The messages and tools of a call, in the form of the protocol."""

import base64
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeGuard

import msgspec

from .convert import invalid, must_be
from .schemas import is_model, json_schema

_PROTOCOL_NAMES = {"tool_calls": "toolCalls", "tool_call_id": "toolCallId"}
# Fields that only messages with one of these roles have.
_ROLES = {
    "reasoning": ("assistant",),
    "tool_calls": ("assistant",),
    "tool_call_id": ("tool",),
    "name": ("tool",),
}
_DATA_URL = re.compile(r"data:image/[\w.+-]+;base64,(.+)", re.DOTALL)
_URL = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)
_IMAGE = "the path of a file, a data URL or bytes"


def messages_of(doing: str, messages: object) -> object:
    """Returns the messages of a call, with the images that they name.

    Raises EngineError INVALID_REQUEST for an image that can't be read, and for what a role does not
    have. What is no list or no message at all stays as it is.
    """
    if not is_list(messages):
        return messages
    return [
        _message(doing, f"messages[{index}]", message) for index, message in enumerate(messages)
    ]


def tools_of(doing: str, tools: object) -> object:
    """Returns the tools of a call, with JSON Schemas in the place of pydantic models."""
    if not is_list(tools):
        return tools
    return [_tool(doing, tool) for tool in tools]


def is_list(value: object) -> TypeGuard[Sequence[Any]]:
    """Returns whether a value is a sequence, and neither text nor bytes."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray)


def _message(doing: str, path: str, message: object) -> object:
    if not isinstance(message, Mapping):
        return message
    given = {name: value for name, value in message.items() if value is not None}
    role = given.get("role")
    for name, roles in _ROLES.items():
        if name in given and isinstance(role, str) and role not in roles:
            raise invalid(doing, f"{path}: A message of the role {role!r} can't have {name}.")
    fields: dict[Any, Any] = {
        _PROTOCOL_NAMES.get(name, name): value for name, value in given.items()
    }
    content = fields.get("content")
    if is_list(content):
        if role in ("assistant", "tool"):
            raise invalid(doing, must_be(f"{path}.content", "a text", content))
        fields["content"] = [
            _part(doing, f"{path}.content[{index}]", part) for index, part in enumerate(content)
        ]
    if is_list(fields.get("toolCalls")):
        fields["toolCalls"] = [_call(call) for call in fields["toolCalls"]]
    return fields


def _call(call: object) -> object:
    return msgspec.to_builtins(call) if isinstance(call, msgspec.Struct) else call


def _part(doing: str, path: str, part: object) -> object:
    if not isinstance(part, Mapping) or part.get("type") != "image":
        return part
    others = part.keys() - {"type", "image"}
    if others:
        raise invalid(doing, f"{path} can't have {min(map(str, others))}.")
    return {"type": "image", "data": _image(doing, f"{path}.image", part.get("image"))}


def _image(doing: str, path: str, image: object) -> str:
    """Returns an image in base64."""
    if isinstance(image, bytes | bytearray | memoryview) and len(image) > 0:
        return base64.b64encode(image).decode()
    if not isinstance(image, str | os.PathLike) or os.fspath(image) == "":
        raise invalid(doing, must_be(path, _IMAGE, image))
    text = os.fspath(image)
    inline = _DATA_URL.fullmatch(text)
    if inline is not None:
        return inline[1]
    if _URL.match(text):
        raise invalid(doing, must_be(path, _IMAGE, text))
    try:
        return base64.b64encode(Path(text).read_bytes()).decode()
    except (OSError, ValueError) as error:
        raise invalid(doing, f"{path}: Can't read the image {text}: {error}") from error


def _tool(doing: str, tool: object) -> object:
    if not isinstance(tool, Mapping):
        return tool
    fields = {name: value for name, value in tool.items() if value is not None}
    one_text = {"properties": {"input": {"type": "string"}}, "required": ["input"]}
    default = one_text if "grammar" in fields else {"properties": {}}
    parameters = fields.get("parameters", {"type": "object", **default})
    if is_model(parameters):
        parameters = json_schema(doing, parameters)
    return {**fields, "parameters": parameters}
