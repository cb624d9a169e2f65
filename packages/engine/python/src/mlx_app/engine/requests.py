"""Requests of the protocol from the options of calls."""

import os
import random
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from ..errors import EngineError
from ..models.locate import folder_names, is_path
from ..protocol import Generate, ModelSettings, Tokenise, WorkerSettings
from .check_combinations import check_combinations
from .convert import convert, invalid, known_options, must_be
from .messages import messages_of, tools_of
from .options import GenerateOptions, ModelLike, PromptOptions
from .schemas import is_model, json_schema
from .settings import EngineSettings, Weighted

_FORMAT = "a pydantic model or a dictionary with a type"
_CHOICE = "'auto', 'none', 'required' or a dictionary with the name of a tool"


class Requests:
    """Makes the requests of one engine, which has names for models and a default one."""

    def __init__(self, settings: EngineSettings, model: ModelLike | None) -> None:
        self._own_model = None if model is None else path_or_name("MLXEngine", "model", model)
        #: The folders of the models that the settings name by path.
        self.model_folders = _folders(self._own_model, settings.aliases)
        names = folder_names(self.model_folders, settings.models_path)
        self._aliases = {
            **{name: str(folder) for name, folder in names.items()},
            **settings.aliases,
        }
        self._loaded: tuple[str, str | None] | None = None

    def note_loaded(self, model: ModelLike | None, adapter: str | None) -> None:
        """Makes a model that of later calls that name none, unless the engine has its own."""
        if model is not None:
            self._loaded = (path_or_name("load_model", "model", model), adapter)

    def model(self, doing: str, named: ModelLike | None, option: str = "model") -> str:
        """Returns the worker's name for a model. Raises EngineError if there is none."""
        loaded = None if self._loaded is None else self._loaded[0]
        model: ModelLike | None = named
        for default in (self._own_model, loaded):
            model = default if model is None else model
        if model is None:
            raise invalid(
                doing,
                "The call names no model, and none is loaded.",
                'Call engine.load_model("hello"), or pass model="hello".',
            )
        name = path_or_name(doing, option, model)
        resolved = self._resolve(name)
        return name if resolved == name else path_or_name(doing, option, resolved)

    def worker_settings(self, settings: WorkerSettings) -> WorkerSettings:
        """Returns the settings of models by the worker's names for them.

        Raises EngineError INVALID_REQUEST for an alias of several models, and for two names of one.
        """
        models: dict[str, ModelSettings] = {}
        for name, single in settings.models.items():
            path = path_or_name("MLXEngine", "model_settings", name)
            resolved = path_or_name("MLXEngine", "model_settings", self._resolve(path, draw=False))
            if resolved in models:
                raise invalid("MLXEngine", f"model_settings has two entries for {resolved}.")
            models[resolved] = single
        return msgspec.structs.replace(settings, models=models)

    def generate(self, doing: str, prompt: str | None, options: Mapping[str, Any]) -> Generate:
        """Returns the request of `generate` and its fellows.

        Raises EngineError INVALID_REQUEST, which names the option that is not valid.
        """
        rest = known_options(doing, options, GenerateOptions)
        on_prompt_progress = rest.pop("on_prompt_progress", None)
        check_callback(doing, "on_prompt_progress", on_prompt_progress)
        if isinstance(rest.get("stop"), str):
            rest["stop"] = [rest["stop"]]
        if "adapter" in rest:
            rest["adapter"] = path_or_name(doing, "adapter", rest["adapter"])
        if "draft_model" in rest:
            rest["draft_model"] = self.model(doing, rest["draft_model"], "draft_model")
        if "cache_file" in rest:
            rest["cache_file"] = absolute_path(doing, "cache_file", rest["cache_file"])
        if "model" not in rest and self._own_model is None and self._loaded is not None:
            rest.setdefault("adapter", self._loaded[1])
        fields = {
            **self._input(doing, prompt, rest),
            **_format(doing, rest.pop("response_format", None)),
            **_tool_choice(doing, rest.pop("tool_choice", None)),
            **_logit_bias(doing, rest.pop("logit_bias", None)),
            "prompt_progress": on_prompt_progress is not None,
        }
        request = convert(doing, {**rest, **fields}, Generate)
        check_combinations(doing, request)
        return request

    def count(self, prompt: str | None, options: Mapping[str, Any]) -> Tokenise:
        """Returns the request of `count_tokens`. Raises EngineError INVALID_REQUEST."""
        doing = "count_tokens"
        rest = known_options(doing, options, PromptOptions)
        fields = {**rest, **self._input(doing, prompt, rest), "count_only": True}
        return convert(doing, fields, Tokenise)

    def _input(self, doing: str, prompt: str | None, rest: Mapping[str, Any]) -> dict[str, Any]:
        """Returns the fields of the model and of what it reads."""
        if prompt is None and "messages" not in rest:
            raise invalid(doing, "Give a prompt or messages.")
        if prompt is not None and "messages" in rest:
            raise invalid(doing, "Give a prompt or messages, not both.")
        return {
            "id": 0,
            "model": self.model(doing, rest.get("model")),
            "prompt": prompt,
            "messages": messages_of(doing, rest.get("messages")),
            "tools": tools_of(doing, rest.get("tools")),
        }

    def _resolve(self, name: str, *, draw: bool = True) -> str:
        """Returns the model that an alias stands for, following aliases of aliases.

        `draw`: one of several models is drawn; otherwise, they are an error.
        """
        seen = [name]
        while name in self._aliases:
            target = self._aliases[name]
            if isinstance(target, str):
                name = target
            elif not draw:
                raise invalid(
                    "MLXEngine",
                    f"model_settings has an entry for {name}, which stands for several models.",
                    f"Give each its own: {', '.join(entry.model for entry in target)}.",
                )
            else:
                [chosen] = random.choices(target, [entry.weight for entry in target])
                name = chosen.model
            if name in seen:
                circle = " -> ".join([*seen, name])
                raise EngineError("INVALID_REQUEST", f"Aliases form a circle: {circle}.")
            seen.append(name)
        return name


def _folders(model: str | None, aliases: Mapping[str, str | list[Weighted]]) -> list[Path]:
    targets = [
        name
        for target in aliases.values()
        for name in ([target] if isinstance(target, str) else [entry.model for entry in target])
    ]
    named = targets if model is None else [model, *targets]
    paths = (path_or_name("MLXEngine", "aliases", name) for name in named if is_path(name))
    return [Path(path) for path in paths]


def path_or_name(doing: str, option: str, named: object) -> str:
    """Makes a path absolute, also a text that starts with a dot, and leaves a name alone.

    Raises EngineError INVALID_REQUEST for what is neither.
    """
    if isinstance(named, str) and not re.match(r"(\.\.?|~)(/|$)", named):
        return named
    return absolute_path(doing, option, named, "a name or a path")


def absolute_path(doing: str, option: str, path: object, expected: str = "a path") -> str:
    """Makes a path absolute, but not an empty one.

    Raises EngineError INVALID_REQUEST for what is no path.
    """
    if not isinstance(path, str | os.PathLike):
        raise invalid(doing, must_be(option, expected, path))
    text = os.fspath(path)
    # Links stay.
    return os.path.abspath(os.path.expanduser(text)) if text else text  # noqa: PTH100, PTH111


def check_callback(doing: str, option: str, callback: object) -> None:
    """Raises EngineError INVALID_REQUEST for a callback that can't be called."""
    if callback is not None and not callable(callback):
        raise invalid(doing, must_be(option, "a function", callback))


def _format(doing: str, response_format: object) -> dict[str, Any]:
    if response_format is None or response_format == {"type": "text"}:
        return {}
    if is_model(response_format):
        response_format = {"type": "json_schema", "schema": json_schema(doing, response_format)}
    if not isinstance(response_format, Mapping):
        raise invalid(doing, must_be("response_format", _FORMAT, response_format))
    return {"response_format": response_format}


def _tool_choice(doing: str, choice: object) -> dict[str, Any]:
    if not isinstance(choice, Mapping):
        return {"tool_choice": choice}
    if choice.keys() != {"name"} or not isinstance(choice["name"], str):
        raise invalid(doing, must_be("tool_choice", _CHOICE, choice))
    return {"tool_choice": "required", "tool_name": choice["name"]}


def _logit_bias(doing: str, bias: object) -> dict[str, Any]:
    if bias is None:
        return {}
    if not isinstance(bias, Mapping):
        raise invalid(doing, must_be("logit_bias", "a dictionary", bias))
    return {"logit_bias": {str(token): value for token, value in bias.items()}}
