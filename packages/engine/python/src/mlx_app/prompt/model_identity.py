"""What tells one model, with its adapter, from another."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

# Pieces of each file of weights, evenly spread: reading all of it takes seconds for each gigabyte.
_PIECES = 64
_PIECE_BYTES = 4096


@dataclass(frozen=True)
class ModelIdentity:
    """What two calls must have in common to share a cache file.

    `name` is only for messages. `model` and `adapter` are hashes; "" is for no adapter.
    """

    name: str
    model: str
    adapter: str
    mlx_lm: str


def model_identity(
    path: Path, config: dict[str, Any], adapter: Path | None = None
) -> ModelIdentity:
    """Returns the identity of the model in a folder, with the adapter in another one.

    Hashes the config, and the name, size, header and 64 pieces of 4 KiB of each safetensors file,
    since fine-tunes of one model have files of the same names and sizes.
    """
    model = hashlib.sha256(json.dumps(config, sort_keys=True, default=str).encode())
    _hash_weights(model, path.glob("model*.safetensors"))
    tuned = hashlib.sha256()
    if adapter is not None:
        settings = adapter / "adapter_config.json"
        if settings.is_file():
            tuned.update(settings.read_bytes())
        _hash_weights(tuned, adapter.glob("*.safetensors"))
    return ModelIdentity(
        name=path.name,
        model=model.hexdigest(),
        adapter="" if adapter is None else tuned.hexdigest(),
        mlx_lm=version("mlx-lm"),
    )


def _hash_weights(digest: Any, files: Iterable[Path]) -> None:  # noqa: ANN401 — hashlib has no name
    for file in sorted(files):
        size = file.stat().st_size
        digest.update(f"{file.name}\0{size}\0".encode())
        with file.open("rb") as stream:
            header_bytes = int.from_bytes(stream.read(8), "little")
            digest.update(stream.read(min(header_bytes, size)))
            for piece in range(_PIECES):
                stream.seek(max(0, size - _PIECE_BYTES) * piece // (_PIECES - 1))
                digest.update(stream.read(_PIECE_BYTES))
