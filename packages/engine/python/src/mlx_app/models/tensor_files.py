"""The headers of safetensors files (https://github.com/huggingface/safetensors)."""

import json
import struct
from pathlib import Path
from typing import Any

from ..errors import EngineError


def read_header(file: Path) -> tuple[int, list[dict[str, Any]]]:
    """Returns the position of the data and, of each tensor, `dtype`, `shape` and `data_offsets`.

    A file is eight bytes with the length of its header, the header as JSON, and the data. Raises
    ValueError for any other file.
    """
    size = file.stat().st_size
    try:
        with file.open("rb") as stream:
            (header_bytes,) = struct.unpack("<Q", stream.read(8))
            if header_bytes > size:
                raise ValueError("the header is longer than the file")
            header = json.loads(stream.read(header_bytes))
            tensors = [entry for name, entry in header.items() if name != "__metadata__"]
    except (ValueError, AttributeError, struct.error) as error:
        raise ValueError(f"{file.name} is not a safetensors file ({error})") from error
    return 8 + header_bytes, tensors


def check_safetensors(file: Path) -> None:
    """Compares the size in the header of a model's file with its real one.

    Raises EngineError MODEL_CORRUPT.
    """
    try:
        check_length(file)
    except ValueError as error:
        raise corrupt_model(file.parent, str(error)) from error


def check_length(file: Path) -> None:
    """Raises ValueError for a file that is not as long as its header says."""
    begin, tensors = read_header(file)
    try:
        expected = begin + max((tensor["data_offsets"][1] for tensor in tensors), default=0)
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"{file.name} is not a safetensors file ({error})") from error
    size = file.stat().st_size
    if size != expected:
        raise ValueError(f"{file.name} has {size} bytes of {expected}")


def corrupt_model(folder: Path, reason: str) -> EngineError:
    """Returns the error for a model whose files are damaged."""
    return EngineError("MODEL_CORRUPT", f"The model in {folder} is damaged: {reason}.")
