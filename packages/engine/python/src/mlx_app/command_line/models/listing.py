"""The list of the models on disk."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from ...own_command import own_command
from ..terminal.format import format_bytes, format_table
from ..terminal.output import note, result, result_json
from .session import open_engine

if TYPE_CHECKING:
    from ..settings.read import LoadedSettings

# The size of the KV cache of a conversation, as a share of the model's weights.
_CACHE_SHARE = 0.2


def fits_memory(model_bytes: int, limit_bytes: int) -> bool:
    """Whether a model of this size and its KV cache fit into the memory limit for models."""
    return model_bytes * (1 + _CACHE_SHARE) <= limit_bytes


def list_models(loaded: "LoadedSettings", *, json: bool) -> None:
    """Prints the models on disk."""
    with open_engine(loaded.values) as engine:
        limit = engine.status().memory_limit_bytes
        on_disk = engine.models()
    configured = loaded.values.model
    place = Path(configured).expanduser().absolute()
    models: list[dict[str, Any]] = [
        {
            **msgspec.to_builtins(model),
            "configured": model.model == configured or Path(model.path) == place,
            "fits": fits_memory(model.bytes, limit),
        }
        for model in on_disk
    ]
    if json:
        result_json(models)
        return
    for line in format_table([_HEADER, *map(_row, models)], right=1):
        result(line)
    _note_if_missing(models, configured)


_HEADER: Sequence[str] = ("  MODEL", "SIZE", "PLACE", "MEMORY", "PATH")


def _row(model: Mapping[str, Any]) -> Sequence[str]:
    return (
        f"{'*' if model['configured'] else ' '} {model['model']}",
        format_bytes(model["bytes"]),
        model["place"],
        "fits" if model["fits"] else "too large",
        model["path"],
    )


def _note_if_missing(models: Sequence[Mapping[str, Any]], configured: str) -> None:
    if not any(model["configured"] for model in models):
        note(
            f"\nThe settings have {configured}, which is not on this machine. "
            f"To download it, run: {own_command('models download')}"
        )
