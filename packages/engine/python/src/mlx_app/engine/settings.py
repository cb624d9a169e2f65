"""The options of an engine."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import msgspec
from msgspec import Meta

from ..duration import DURATION, NEVER, parse_duration
from ..errors import EngineError
from ..protocol import ModelName, WorkerSettings
from .convert import alternatives, convert, invalid, must_be
from .model_options import ModelOptions, SamplingOptions, all_aliases, worker_settings
from .options import Aliases

Device = Literal["auto", "gpu", "cpu"]

Name = Annotated[str, Meta(min_length=1)]


class Weighted(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One of several models that share an alias."""

    model: ModelName
    weight: Annotated[float, Meta(gt=0, le=1_000_000_000)]


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The checked options of `MLXEngine`, which describes them."""

    models_directory: str
    device: Device = "auto"
    aliases: dict[Name, ModelName | Annotated[list[Weighted], Meta(min_length=1)]] = {}
    memory_limit_bytes: Annotated[int, Meta(ge=0)] | None = None
    prompt_cache_bytes: Annotated[int, Meta(ge=0)] | None = None
    queue_limit: Annotated[int, Meta(ge=1, le=1_000_000)] = 1024
    # Seconds; None for no limit.
    keep_alive: float | None = None
    stall_timeout_ms: Annotated[float, Meta(gt=0)] = 60_000
    models: WorkerSettings = msgspec.field(default_factory=WorkerSettings)

    @property
    def models_path(self) -> Path:
        """The absolute path of the folder of models."""
        return Path(self.models_directory)


def check_settings(
    *,
    device: object,
    models_directory: "str | os.PathLike[str]",
    keep_alive: object,
    aliases: Aliases | None,
    sampling: SamplingOptions | None,
    template_options: Mapping[str, Any] | None,
    context_tokens: int | None,
    model_settings: Mapping[str, ModelOptions] | None,
    **others: object,
) -> EngineSettings:
    """Returns the options of an engine. Raises EngineError INVALID_REQUEST."""
    if not isinstance(models_directory, str | os.PathLike):
        raise invalid("MLXEngine", must_be("models_directory", "a path", models_directory))
    models = worker_settings(
        "MLXEngine", sampling, template_options, context_tokens, model_settings
    )
    seconds = None if keep_alive is None else parse_duration(keep_alive)
    if keep_alive is not None and seconds is None:
        raise invalid("MLXEngine", must_be("keep_alive", DURATION, keep_alive))
    fields = {
        "device": _device(device),
        "models_directory": str(Path(models_directory).absolute()),
        "aliases": all_aliases("MLXEngine", aliases, model_settings),
        "keep_alive": None if seconds == NEVER else seconds,
        **others,
    }
    return msgspec.structs.replace(convert("MLXEngine", fields, EngineSettings), models=models)


def _device(device: object) -> object:
    if device is not None:
        return device
    named = os.environ.get("MLX_DEVICE") or "auto"
    if named not in get_args(Device):
        problem = must_be(
            "The environment variable MLX_DEVICE", alternatives(get_args(Device)), named
        )
        raise EngineError("INVALID_REQUEST", problem)
    return named
