"""A prompt cache on disk, for a long document that many calls ask about.

The file is in the format of mlx-lm's save_prompt_cache: safetensors, so that reading it runs no
code. Its metadata has the tokens and the identity of the model.
"""

import hashlib
import json
import os
import secrets
import shutil
import struct
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import mlx.nn as nn

from ..errors import EngineError, from_exception
from ..mlx_lm_adapter import caches
from ..mlx_lm_adapter.caches import PromptCacheOfModel
from ..models.tensor_files import check_safetensors

# MLX knows the format of a file by its extension.
ENDING = ".safetensors"
_FORMAT = "mlx-app prompt cache 1"
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


def check_path(path: Path) -> None:
    """Raises EngineError INVALID_REQUEST for a path that can't be that of a cache file."""
    if path.is_dir():
        raise EngineError(
            "INVALID_REQUEST", f"{path} is a folder. Name a file that ends in {ENDING}."
        )
    if path.suffix != ENDING:
        raise EngineError(
            "INVALID_REQUEST", f"The name of a cache file must end in {ENDING}: {path}"
        )


def write(
    path: Path, tokens: Sequence[int], cache: PromptCacheOfModel, identity: ModelIdentity
) -> int:
    """Writes the cache of exactly these tokens; returns the bytes of the file.

    An older file stays until the new one is complete. Raises EngineError INVALID_REQUEST for a path
    that can't be written to or has no space, UNSUPPORTED for a cache that has no file format.
    """
    check_path(path)
    unknown = caches.unknown_cache(cache)
    if unknown is not None:
        raise EngineError(
            "UNSUPPORTED", f"{identity.name} keeps a {unknown}, which can't be saved to a file."
        )
    held = caches.token_count(cache)
    if held is not None and held != len(tokens):
        raise ValueError(f"The cache holds {held} tokens, not {len(tokens)}.")
    kept = caches.tight(cache)
    metadata = {
        "format": _FORMAT,
        "tokens": json.dumps(list(tokens), separators=(",", ":")),
        **asdict(identity),
    }
    # In the same folder, so that the rename can't cross file systems.
    temporary = path.with_name(f".{path.stem}.{secrets.token_hex(8)}{ENDING}")
    if not path.parent.is_dir():
        raise _not_written(path, NotADirectoryError(f"there is no folder {path.parent}"))
    try:
        _check_space(path.parent, caches.size_bytes(kept))
        caches.save(temporary, kept, metadata)
        with temporary.open("rb+") as stream:
            os.fsync(stream.fileno())
        size = temporary.stat().st_size
        temporary.replace(path)
    except Exception as error:
        raise _not_written(path, error) from error
    finally:
        # An earlier error says more than that there is nothing to remove.
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return size


def read(
    path: Path, identity: ModelIdentity, network: nn.Module, *, quantised: bool = False
) -> tuple[list[int], PromptCacheOfModel]:
    """Reads the tokens and their cache, on MLX's thread.

    Caches with quantised keys and values, which can't be batched, need `quantised`. Raises
    EngineError INVALID_REQUEST for a file that isn't a complete cache file, or is one of another
    model, adapter or mlx-lm.
    """
    check_path(path)
    metadata = _metadata(path)
    _check_identity(path, metadata, identity)
    try:
        tokens = json.loads(metadata["tokens"])
        if not (isinstance(tokens, list) and tokens and all(type(t) is int for t in tokens)):
            raise ValueError("its tokens are not a list of numbers")
        cache = caches.load(path)
        held = caches.token_count(cache)
        if held is not None and held != len(tokens):
            raise ValueError(f"it holds {held} tokens, not {len(tokens)}")
        caches.check_fits(cache, network, quantised=quantised)
        caches.evaluate(cache)
    except Exception as error:
        known = from_exception(error, f"reading {path}")
        if known.code == "OUT_OF_MEMORY":
            raise known from error
        raise _damaged(path, f"{type(error).__name__}: {error}") from error
    return tokens, cache


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


def _check_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise OSError(f"it needs {needed:,} bytes and {folder} has {free:,} left")


def _metadata(path: Path) -> dict[str, str]:
    """Returns the metadata of a cache file, from its header only."""
    if not path.exists():
        raise EngineError("INVALID_REQUEST", f"There is no cache file {path}")
    if not path.is_file():
        raise _damaged(path, "it is not a file")
    try:
        check_safetensors(path)
        with path.open("rb") as stream:
            (header_bytes,) = struct.unpack("<Q", stream.read(8))
            entries = json.loads(stream.read(header_bytes)).get("__metadata__")
    except (OSError, EngineError, RecursionError) as error:
        raise _damaged(path, str(error)) from error
    if not isinstance(entries, dict):
        entries = {}
    # mlx-lm numbers what it writes: 0 is the caller's metadata, 1 the classes, 2 the scalars.
    metadata = {key[2:]: str(text) for key, text in entries.items() if key.startswith("0.")}
    if metadata.get("format") != _FORMAT or "tokens" not in metadata:
        raise EngineError(
            "INVALID_REQUEST", f"{path} is not a cache file of this app, or one of another version."
        )
    return metadata


def _check_identity(path: Path, metadata: dict[str, str], identity: ModelIdentity) -> None:
    made_by = {key: metadata.get(key, "") for key in asdict(identity)}
    if made_by["mlx_lm"] != identity.mlx_lm:
        why = f"mlx-lm {made_by['mlx_lm']}, and this is mlx-lm {identity.mlx_lm}"
    elif made_by["model"] != identity.model:
        why = f"the model {made_by['name']}, or by other weights than those of {identity.name} here"
    elif made_by["adapter"] != identity.adapter:
        had, has = (bool(made_by["adapter"]), bool(identity.adapter))
        why = {
            (True, True): "another adapter",
            (True, False): "an adapter, and this call has none",
            (False, True): "the model without an adapter",
            (False, False): "",
        }[had, has]
    else:
        return
    raise EngineError(
        "INVALID_REQUEST", f"The cache file {path} was made by {why}.", "Delete it to make it anew."
    )


def _damaged(path: Path, why: str) -> EngineError:
    return EngineError("INVALID_REQUEST", f"{path} is not a whole cache file: {why}")


def _not_written(path: Path, error: Exception) -> EngineError:
    known = from_exception(error, f"writing {path}")
    if known.code == "OUT_OF_MEMORY":
        return known
    return EngineError("INVALID_REQUEST", f"Can't write the cache file {path}: {error}")
