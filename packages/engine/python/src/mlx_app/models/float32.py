"""Whether half-precision weights are converted to float32, which is faster on some CPUs.

MLX's CPU build has no fast code for half precision on x86-64. Measured with mlx 0.32 on 2 cores, a
4-bit matrix times a vector takes 9 times as long with scales of bfloat16 as with float32, and 47
times with float16; an unquantised one of float16 takes 3 times as long. Packed weights stay as they
are, so a quantised model grows by a tenth, and one of float16 to twice its size. Unquantised
bfloat16 would gain too little for that, and stays. The conversion is exact.
"""

import platform
from collections import Counter
from pathlib import Path

import mlx.core as mx

from .tensor_files import read_header

# The part of the memory limit that converted weights may take; the rest is for caches.
MAX_PART = 3 / 4


def is_slow_with_half_precision() -> bool:
    """Whether MLX computes on a processor for which that was measured."""
    on_cpu: bool = mx.default_device().type == mx.DeviceType.cpu
    return on_cpu and platform.machine() in ("x86_64", "AMD64")


def float32_bytes(path: Path, limit_bytes: int) -> int | None:
    """Returns the bytes of a folder's weights with half precision converted to float32.

    Returns None where they should stay as they are: for the processor, the kind of weights, or the
    memory limit. Reads only the headers of the files.
    """
    if not is_slow_with_half_precision():
        return None
    sizes: Counter[str] = Counter()
    for file in path.glob("model*.safetensors"):
        sizes.update(_bytes_by_type(file))
    # Quantised weights are packed into integers of 32 bits.
    if "U32" not in sizes and "F16" not in sizes:
        return None
    halves = sizes["F16"] + sizes["BF16"]
    converted = sizes.total() + halves
    return converted if halves and converted <= MAX_PART * limit_bytes else None


def _bytes_by_type(file: Path) -> Counter[str]:
    """Returns the bytes of tensors by type; none for a damaged file, which opening it reports."""
    sizes: Counter[str] = Counter()
    try:
        _, tensors = read_header(file)
        for tensor in tensors:
            begin, end = tensor["data_offsets"]
            sizes[tensor["dtype"]] += end - begin
    except (ValueError, KeyError, TypeError):
        return Counter()
    return sizes
