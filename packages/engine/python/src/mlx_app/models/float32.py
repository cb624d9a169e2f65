"""On a CPU, half-precision numbers are computed with as float32.

MLX's CPU build has no fast code for them on x86-64: measured with mlx 0.32 on 2 cores, a 4-bit
matrix times a vector takes 9 times as long when its scales are bfloat16 as when they are float32,
and 47 times with float16; an unquantised one of float16 3 times. Packed weights stay as they are,
so a quantised model grows by a tenth, and one of float16 to twice its size. Unquantised bfloat16
would gain too little for that, and stays. A half is exactly one of float32: nothing is rounded.
"""

import platform
from collections import Counter
from pathlib import Path

import mlx.core as mx

from .tensor_files import read_header

# Of the memory limit, what widened weights may take: the caches of calls come on top.
MOST = 3 / 4


def is_slow_with_halves() -> bool:
    """Whether MLX computes on a processor for which that was measured."""
    on_cpu: bool = mx.default_device().type == mx.DeviceType.cpu
    return on_cpu and platform.machine() in ("x86_64", "AMD64")


def widened_bytes(path: Path, limit_bytes: int) -> int | None:
    """Bytes of the weights in a folder with their halves as float32; None where they had better
    stay as they are, be it for the processor, the weights or the memory limit.

    Reads the headers of the files.
    """
    if not is_slow_with_halves():
        return None
    sizes: Counter[str] = Counter()
    for file in path.glob("model*.safetensors"):
        sizes.update(_bytes_by_type(file))
    # Quantised weights are packed into integers of 32 bits.
    if "U32" not in sizes and "F16" not in sizes:
        return None
    halves = sizes["F16"] + sizes["BF16"]
    wide = sizes.total() + halves
    return wide if halves and wide <= MOST * limit_bytes else None


def _bytes_by_type(file: Path) -> Counter[str]:
    """Bytes of the tensors by their type; none of a damaged file, which its reading tells of."""
    sizes: Counter[str] = Counter()
    try:
        _, tensors = read_header(file)
        for tensor in tensors:
            begin, end = tensor["data_offsets"]
            sizes[tensor["dtype"]] += end - begin
    except (ValueError, KeyError, TypeError):
        return Counter()
    return sizes
