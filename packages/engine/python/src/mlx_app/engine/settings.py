"""The options of an engine."""

import os
from pathlib import Path
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from ..errors import EngineError
from ..protocol import ModelName
from .convert import alternatives, convert, invalid, must_be

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
    idle_unload_ms: Annotated[float, Meta(gt=0)] | None = None

    @property
    def models_path(self) -> Path:
        """The absolute path of the folder of models."""
        return Path(self.models_directory)


def check_settings(
    *, device: object, models_directory: "str | os.PathLike[str]", **others: object
) -> EngineSettings:
    """Returns the options of an engine. Raises EngineError INVALID_REQUEST."""
    if not isinstance(models_directory, str | os.PathLike):
        raise invalid("MLXEngine", must_be("models_directory", "a path", models_directory))
    fields = {
        "device": _device(device),
        "models_directory": str(Path(models_directory).absolute()),
        **others,
    }
    return convert("MLXEngine", fields, EngineSettings)


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
