"""The memory limit, and the memory that a model takes."""

from collections.abc import Callable, Mapping
from pathlib import Path

import mlx.core as mx

from .machine_memory import address_space_left, free_bytes

# The part of the free memory that is left for others: the application itself, the work of a step,
# buffers that MLX keeps for reuse.
RESERVE = 1 / 8

# What to do if a model is too large.
SMALLER_MODEL = "Choose a smaller or a more strongly quantised model"


def memory_limit(asked: int | None) -> int:
    """Returns the bytes that models, caches and calls may take together.

    This is `asked` (the option memoryLimitBytes), if given. Otherwise it depends on the default
    device of MLX:

    - Metal: `max_recommended_working_set_size` of `mx.device_info`, which a GPU can use without a
      loss of performance (recommendedMaxWorkingSetSize in Apple's documentation of MTLDevice);
    - CUDA: 7/8 of its `free_memory`, or of its `total_memory` if only that is known (mlx/device.h
      has the keys);
    - CPU: 7/8 of `machine_memory.free_bytes()`.

    The memory that MLX holds counts as free, so the result is the same at any time. A limit of the
    process's address space (`ulimit -v`) always applies.
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
    """Returns the limit of a device with this `mx.device_info`, while MLX holds `held` bytes.

    `free` returns the free bytes of the machine, for a device without memory of its own.
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
    """Returns the bytes of the weights in a folder, by the lengths of its safetensors files.

    Reads only the eight bytes with the length of each header. Counts the files that mlx-lm reads
    (model*.safetensors), or that of an adapter (adapters.safetensors). A model that doesn't use all
    weights (a vision tower, layers for training) takes less.
    """
    files = list(path.glob("model*.safetensors")) or list(path.glob("adapters.safetensors"))
    return sum(_data_bytes(file) for file in files)


def _data_bytes(file: Path) -> int:
    size = file.stat().st_size
    with file.open("rb") as stream:
        header = int.from_bytes(stream.read(8), "little")
    # A damaged file counts as a whole; opening it reports the damage.
    return size - 8 - header if 8 + header <= size else size


def format_bytes(count: int) -> str:
    """Returns bytes with three digits in units of a thousand: 1.23 GB."""
    if count < 1000:
        return f"{count} B"
    value = float(count)
    for unit in ("kB", "MB", "GB", "TB"):
        value /= 1000
        if value < 999.5 or unit == "TB":
            break
    digits = 2 if value < 9.995 else 1 if value < 99.95 else 0
    return f"{value:.{digits}f} {unit}"
