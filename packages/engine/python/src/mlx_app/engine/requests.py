"""Requests of the protocol from the options of calls."""

import base64
import os
import random
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from pydantic import BaseModel

from ..errors import EngineError
from ..protocol import Generate, Tokenise
from .explain import python_names
from .options import Aliases, ModelLike
from .schemas import json_schema

_Request = TypeVar("_Request", bound=msgspec.Struct)

_MESSAGE_NAMES = {"tool_calls": "toolCalls", "tool_call_id": "toolCallId"}
_DATA_URL = re.compile(r"data:image/[\w.+-]+;base64,(.+)", re.DOTALL)
_URL = re.compile(r"[a-z][a-z0-9+.-]+:", re.IGNORECASE)


class Requests:
    """Makes the requests of one engine, which has names for models and a default one."""

    def __init__(self, aliases: Aliases, model: ModelLike | None) -> None:
        self._aliases = aliases
        self._own_model = model
        self._loaded_model: ModelLike | None = None

    def loaded(self, model: ModelLike | None) -> None:
        """Notes a model as that of later calls that name none, unless the engine has its own."""
        self._loaded_model = model

    def model(self, named: ModelLike | None) -> str:
        """Returns the worker's name for a model. Raises EngineError if there is none."""
        candidates = (named, self._own_model, self._loaded_model)
        model = next((model for model in candidates if model is not None), None)
        if model is None:
            raise EngineError(
                "INVALID_REQUEST",
                "The call names no model, and none is loaded.",
                'Call engine.load_model("hello"), or pass model="hello".',
            )
        return path_or_name(self._resolve(model) if isinstance(model, str) else model)

    def generate(self, doing: str, prompt: str | None, options: Mapping[str, Any]) -> Generate:
        """Returns the request of `generate` and its fellows.

        Raises EngineError INVALID_REQUEST, which names the option that is not valid.
        """
        rest = dict(options)
        on_prompt_progress = rest.pop("on_prompt_progress", None)
        if isinstance(rest.get("stop"), str):
            rest["stop"] = [rest["stop"]]
        response_format = rest.pop("response_format", None)
        if isinstance(response_format, type) and issubclass(response_format, BaseModel):
            response_format = {"type": "json_schema", "schema": json_schema(response_format)}
        if response_format is not None and response_format != {"type": "text"}:
            rest["response_format"] = response_format
        tool_choice = rest.get("tool_choice")
        if isinstance(tool_choice, Mapping):
            rest |= {"tool_choice": "required", "tool_name": tool_choice.get("name")}
        if "logit_bias" in rest:
            rest["logit_bias"] = {str(token): bias for token, bias in rest["logit_bias"].items()}
        for name in ("adapter", "draft_model", "cache_file"):
            if rest.get(name) is not None:
                rest[name] = path_or_name(Path(rest[name]) if name == "cache_file" else rest[name])
        fields = self._input(doing, prompt, rest, Generate)
        return convert(
            doing, {**fields, "prompt_progress": on_prompt_progress is not None}, Generate
        )

    def count(self, prompt: str | None, options: Mapping[str, Any]) -> Tokenise:
        """Returns the request of `count_tokens`. Raises EngineError INVALID_REQUEST."""
        fields = self._input("count_tokens", prompt, dict(options), Tokenise)
        return convert("count_tokens", {**fields, "count_only": True}, Tokenise)

    def _input(
        self, doing: str, prompt: str | None, rest: dict[str, Any], request: type[msgspec.Struct]
    ) -> dict[str, Any]:
        unknown = sorted(rest.keys() - set(request.__struct_fields__))
        if unknown:
            similar = get_close_matches(unknown[0], request.__struct_fields__, 1)
            raise EngineError(
                "INVALID_REQUEST",
                f"{doing} has no option {unknown[0]}.",
                f"Did you mean {similar[0]}?" if similar else None,
            )
        messages = rest.pop("messages", None)
        if (prompt is None) == (messages is None):
            raise EngineError("INVALID_REQUEST", f"{doing}: Give either a prompt or messages.")
        fields = {**rest, "id": 0, "model": self.model(rest.get("model"))}
        if prompt is not None:
            fields["prompt"] = prompt
        if messages is not None:
            fields["messages"] = [_message(message) for message in messages]
        if "tools" in fields:
            fields["tools"] = [_tool(tool) for tool in fields["tools"]]
        return fields

    def _resolve(self, name: str) -> str:
        """Returns the model that an alias stands for, following aliases of aliases."""
        seen = [name]
        while name in self._aliases:
            target = self._aliases[name]
            if isinstance(target, str):
                name = target
            else:
                models = [entry["model"] for entry in target]
                [name] = random.choices(models, [entry["weight"] for entry in target])
            if name in seen:
                circle = " -> ".join([*seen, name])
                raise EngineError("INVALID_REQUEST", f"Aliases form a circle: {circle}.")
            seen.append(name)
        return name


def path_or_name(named: ModelLike) -> str:
    """Makes a path absolute, also a text that starts with a dot, and leaves a name alone."""
    if isinstance(named, str) and not re.match(r"\.\.?(/|$)", named):
        return named
    return str(Path(os.path.abspath(named)))  # noqa: PTH100 - links stay, as in the working folder


def convert(doing: str, fields: Mapping[str, Any], request: type[_Request]) -> _Request:
    """Returns a request with these fields, as they are named in Python.

    Raises EngineError INVALID_REQUEST, which names the field that is not valid.
    """
    names = dict(zip(request.__struct_fields__, request.__struct_encode_fields__, strict=True))
    encoded = {names[name]: value for name, value in fields.items() if value is not None}
    encoded["type"] = request.__struct_config__.tag
    try:
        return msgspec.convert(encoded, request)
    except msgspec.ValidationError as error:
        text = str(error)
        found = re.fullmatch(r"(.*) - at `(?:key in )?\$\.?(.*)`", text, re.DOTALL)
        if found is not None:
            text = f"{python_names(found[2])}: {found[1]}"
        raise EngineError("INVALID_REQUEST", f"{doing}: {text}") from error


def _message(message: object) -> object:
    if not isinstance(message, Mapping):
        return message
    fields = {_MESSAGE_NAMES.get(name, name): value for name, value in message.items()}
    content = fields.get("content")
    if isinstance(content, Sequence) and not isinstance(content, str):
        fields["content"] = [_part(part) for part in content]
    if "toolCalls" in fields:
        fields["toolCalls"] = [msgspec.to_builtins(call) for call in fields["toolCalls"]]
    return fields


def _part(part: object) -> object:
    if not isinstance(part, Mapping) or part.get("type") != "image":
        return part
    return {"type": "image", "data": _image(part.get("image"))}


def _image(image: object) -> str:
    """Returns an image in base64. Raises EngineError INVALID_REQUEST for one that can't be read."""
    if isinstance(image, bytes):
        return base64.b64encode(image).decode()
    if not isinstance(image, str | os.PathLike):
        raise EngineError(
            "INVALID_REQUEST", "An image must be the path of a file, a data URL or bytes."
        )
    text = os.fspath(image)
    inline = _DATA_URL.fullmatch(text)
    if inline is not None:
        return inline[1]
    if _URL.match(text):
        raise EngineError(
            "INVALID_REQUEST", f"An image must be a file, a data URL or bytes, not {text[:80]}."
        )
    try:
        return base64.b64encode(Path(text).read_bytes()).decode()
    except OSError as error:
        raise EngineError("INVALID_REQUEST", f"Can't read the image {text}: {error}") from error


def _tool(tool: object) -> object:
    if not isinstance(tool, Mapping):
        return tool
    parameters = tool.get("parameters", {"type": "object", "properties": {}})
    if isinstance(parameters, type) and issubclass(parameters, BaseModel):
        parameters = json_schema(parameters)
    return {**tool, "parameters": parameters}
