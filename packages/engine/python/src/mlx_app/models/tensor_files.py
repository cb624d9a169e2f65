"""The headers of safetensors files (https://github.com/huggingface/safetensors)."""

import json
import struct
from pathlib import Path
from typing import Any


def read_header(file: Path) -> tuple[int, list[dict[str, Any]]]:
    """Where the data begin, in bytes, and what is told of each tensor: `dtype`, `shape` and
    `data_offsets`.

    Eight bytes with the header's length, the header as JSON, the data. Raises ValueError for
    another file.
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
