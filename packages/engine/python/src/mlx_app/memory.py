"""The memory that there is, what a model takes of it, and the error when that is too much."""

from collections.abc import Callable, Mapping
from pathlib import Path

import mlx.core as mx

from .machine_memory import address_space_left, free_bytes

# Of what a machine or a GPU has free, the part that is left to others: the application itself, the
# work of a step, buffers that MLX keeps for reuse.
RESERVE = 1 / 8

# What helps where a model is too large, whatever the reason.
SMALLER_MODEL = "Choose a smaller or a more strongly quantised model"


def memory_limit(asked: int | None) -> int:
    """Bytes that models, caches and calls may take together.

    `asked` (the option memoryLimitBytes) where it is given. Else by the default device of MLX:

    - Metal: `max_recommended_working_set_size` of `mx.device_info`, which is what the system says
      that a GPU can use without its performance suffering (Apple's documentation of MTLDevice,
      recommendedMaxWorkingSetSize);
    - CUDA: 7/8 of its `free_memory`, or of its `total_memory` where that alone is told
      (mlx/device.h names the keys);
    - CPU: 7/8 of `machine_memory.free_bytes()`.

    What MLX holds at that time is added to what is free, so the answer is the same at any time.
    A limit of the process's address space (`ulimit -v`) holds whatever is asked.
    """
    left = address_space_left()
    if left is None:
        return _limit(asked)
    return min(_limit(asked), _less_reserve(left + mx.get_active_memory() + mx.get_cache_memory()))


def _limit(asked: int | None) -> int:
    if asked is not None:
        return asked
    held = mx.get_active_memory() + mx.get_cache_memory()
    return limit_of(mx.device_info(mx.default_device()), held, free_bytes)


def limit_of(info: Mapping[str, str | int], held: int, free: Callable[[], int]) -> int:
    """The limit of a device that `mx.device_info` tells this of, while MLX holds `held` bytes.

    `free` gives the bytes that the machine has free, for a device without a memory of its own.
    """
    working_set = info.get("max_recommended_working_set_size")
    if isinstance(working_set, int) and working_set > 0:
        return working_set
    free_there = info.get("free_memory")
    if isinstance(free_there, int) and free_there > 0:
        return _less_reserve(free_there + held)
    total = info.get("total_memory")
    if isinstance(total, int) and total > 0:
        return _less_reserve(total)
    return _less_reserve(free() + held)


def _less_reserve(available: int) -> int:
    return int(available * (1 - RESERVE))


def weight_bytes(path: Path) -> int:
    """Bytes of the weights in a folder, by the lengths of its safetensors files and their headers.

    Nothing but the eight bytes that tell a header's length is read. Counts the files that mlx-lm
    reads (model*.safetensors), or those of an adapter (adapters.safetensors). A model whose code
    leaves some of the weights out (a vision tower, layers for training) takes less than this.
    """
    files = list(path.glob("model*.safetensors")) or list(path.glob("adapters.safetensors"))
    return sum(_data_bytes(file) for file in files)


def _data_bytes(file: Path) -> int:
    size = file.stat().st_size
    with file.open("rb") as stream:
        header = int.from_bytes(stream.read(8), "little")
    # A damaged file, which its reading will tell of, counts as a whole.
    return size - 8 - header if 8 + header <= size else size


def human(count: int) -> str:
    """Bytes with three digits in units of a thousand: 1.23 GB."""
    if count < 1000:
        return f"{count} B"
    value = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.5 or unit == "TB":
            break
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f} {unit}"
