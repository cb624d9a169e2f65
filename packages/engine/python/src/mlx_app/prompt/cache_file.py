"""A prompt cache on disk, for a long document that many calls ask about.

The file is in the format of mlx-lm's save_prompt_cache: safetensors, so that reading it runs no
code. Its metadata has the tokens and the identity of the model. A file of this app that can't be
used (cut off, damaged, of other weights) is as good as none. Another program's file is an error,
since it must not be overwritten.
"""

import json
import os
import shutil
import struct
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

import mlx.nn as nn

from ..errors import EngineError, from_exception
from ..mlx_lm_adapter import caches
from ..mlx_lm_adapter.caches import PromptCacheOfModel
from ..models.tensor_files import check_safetensors
from .model_identity import ModelIdentity
from .partial_file import partial_path, remove_abandoned

# MLX knows the format of a file by its extension.
ENDING = ".safetensors"
_NAME = "mlx-app prompt cache"
_FORMAT = f"{_NAME} 1"
# The longest header that the format allows.
_MAX_HEADER_BYTES = 100_000_000
_OTHER_FILE = "Name another file: this one is not overwritten."


class UnusableFileError(Exception):
    """A file of this app that must be made anew, with the reason as its message."""


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
    temporary = partial_path(path)
    if not path.parent.is_dir():
        raise _not_written(path, NotADirectoryError(f"there is no folder {path.parent}"))
    remove_abandoned(path)
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
    UnusableFileError for a file of this app that isn't whole, or is one of another model, adapter
    or mlx-lm, and EngineError INVALID_REQUEST for any other file.
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
        raise UnusableFileError(
            f"{path} is not a whole cache file: {type(error).__name__}: {error}"
        ) from error
    return tokens, cache


def _check_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise OSError(f"it needs {needed:,} bytes and {folder} has {free:,} left")


def _metadata(path: Path) -> dict[str, str]:
    """Returns the metadata of a cache file, from its header only."""
    if not path.exists():
        raise EngineError("INVALID_REQUEST", f"There is no cache file {path}")
    if not path.is_file():
        raise EngineError("INVALID_REQUEST", f"{path} is not a file.", _OTHER_FILE)
    try:
        check_safetensors(path)
        with path.open("rb") as stream:
            (header_bytes,) = struct.unpack("<Q", stream.read(8))
            entries = json.loads(stream.read(header_bytes)).get("__metadata__")
    except (OSError, EngineError, RecursionError) as error:
        why = f"{path} is not a whole cache file: {error}"
        if _is_cut(path):
            raise UnusableFileError(why) from error
        raise EngineError("INVALID_REQUEST", why, _OTHER_FILE) from error
    if not isinstance(entries, dict):
        entries = {}
    # mlx-lm numbers what it writes: 0 is the caller's metadata, 1 the classes, 2 the scalars.
    metadata = {key[2:]: str(text) for key, text in entries.items() if key.startswith("0.")}
    made_as = metadata.get("format", "")
    if not made_as.startswith(_NAME):
        raise EngineError(
            "INVALID_REQUEST", f"{path} is not a cache file of this app.", _OTHER_FILE
        )
    if made_as != _FORMAT or "tokens" not in metadata:
        raise UnusableFileError(f"{path} is a cache file of another version.")
    return metadata


def _is_cut(path: Path) -> bool:
    """Whether a file is the first part of a safetensors file of this app, as far as one can tell.

    Of one that ends in its header there may be no more than its length and a bracket.
    """
    with path.open("rb") as stream:
        begin = stream.read(8)
        if len(begin) < 8:
            return not begin or b"\0" in begin
        (header_bytes,) = struct.unpack("<Q", begin)
        if header_bytes > _MAX_HEADER_BYTES:
            return False
        header = stream.read(header_bytes)
    return _NAME.encode() in header or (len(header) < header_bytes and header[:1] in (b"", b"{"))


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
    raise UnusableFileError(f"The cache file {path} was made by {why}.")


def _not_written(path: Path, error: Exception) -> EngineError:
    known = from_exception(error, f"writing {path}")
    if known.code == "OUT_OF_MEMORY":
        return known
    return EngineError("INVALID_REQUEST", f"Can't write the cache file {path}: {error}")
