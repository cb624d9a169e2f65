"""The caches of a model for the tokens of one sequence.

A prompt cache is a list with one of mlx-lm's caches per layer. MLX's arrays are values: a copy of a
cache shares their memory until one of the two is written to.
"""

import copy
from pathlib import Path
from typing import Any, cast

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_map
from mlx_lm.models.cache import (
    ArraysCache,
    CacheList,
    ChunkedKVCache,
    ConcatenateKVCache,
    KVCache,
    QuantizedKVCache,
    RotatingKVCache,
    load_prompt_cache,
    make_prompt_cache,
    save_prompt_cache,
)

PromptCacheOfModel = list[Any]

# Caches with the keys and values of every token in order, from which any prefix can be cut.
_WHOLE = (KVCache, QuantizedKVCache, ConcatenateKVCache)
_KNOWN = (*_WHOLE, RotatingKVCache, ChunkedKVCache, ArraysCache, CacheList)


def unbatchable_cache(model: nn.Module) -> str | None:
    """Returns the name of a cache of this model that mlx-lm can't batch, if it has one."""
    return unbatchable(new_cache(model))


def unbatchable(cache: PromptCacheOfModel) -> str | None:
    """Returns the name of a layer's cache that mlx-lm can't batch, if there is one."""
    return next((type(layer).__name__ for layer in cache if not hasattr(layer, "merge")), None)


def unknown_cache(cache: PromptCacheOfModel) -> str | None:
    """Returns the name of a layer's cache that is not one of mlx-lm's own, if there is one."""
    return next((type(part).__name__ for part in _parts(cache) if type(part) not in _KNOWN), None)


def new_cache(model: nn.Module) -> PromptCacheOfModel:
    """Returns an empty cache for one sequence."""
    cache: PromptCacheOfModel = make_prompt_cache(model)
    return cache


def size_bytes(cache: PromptCacheOfModel) -> int:
    """Returns the bytes of all arrays of a cache."""
    return sum(int(layer.nbytes) for layer in cache)


def token_count(cache: PromptCacheOfModel) -> int | None:
    """Returns the number of tokens in a cache; None if none of its parts counts them."""
    counts = {int(p.offset) for p in _parts(cache) if hasattr(p, "offset") and not p.empty()}
    if len(counts) > 1:
        raise ValueError(f"The layers of a cache hold different numbers of tokens: {counts}")
    return counts.pop() if counts else None


def always_cuttable(model: nn.Module) -> bool:
    """Whether any prefix can be cut from any cache of this model."""
    return all(type(part) in _WHOLE for part in _parts(new_cache(model)))


def cuttable(cache: PromptCacheOfModel) -> bool:
    """Whether any prefix can be cut from this cache as it is now.

    This is stricter than mlx-lm's can_trim_prompt_cache, which allows trimming a ChunkedKVCache
    even if the start of the chunk in which it would then end is gone.
    """
    return all(_cuttable(part) for part in _parts(cache))


def _cuttable(part: Any) -> bool:  # noqa: ANN401 — mlx-lm's caches have no common type
    kind = type(part)
    if kind in _WHOLE:
        return True
    if kind is RotatingKVCache:
        return bool(part.offset < part.max_size)
    return kind is ChunkedKVCache and part.start_position == 0


def prefix(cache: PromptCacheOfModel, count: int) -> PromptCacheOfModel:
    """Returns the first `count` tokens of a cuttable cache as another cache.

    It takes no memory, since its arrays are views. A trimmed copy (mlx-lm's trim_prompt_cache)
    would keep its capacity, and its first write would copy all of it.
    """
    result = copy.deepcopy(cache)
    for part in _parts(result):
        _cut(part, count)
    return result


def tight(cache: PromptCacheOfModel) -> PromptCacheOfModel:
    """Returns a copy of a cache without room to grow, whose arrays hold no larger array's memory.

    The cache of a sequence in a batch may be a view into that of the whole batch (ArraysCache). The
    arrays aren't evaluated yet; `evaluate` does that. MLX leaves up to 16 KiB of slack in an array
    rather than copy it.
    """
    result = copy.deepcopy(cache)
    for part in _parts(result):
        if type(part) in (*_WHOLE, ChunkedKVCache):
            _cut(part, part.offset)
        elif type(part) is RotatingKVCache:
            _cut_rotating(part)
        if type(part) in _KNOWN:
            # The setters of mlx-lm's caches take the values of the getters.
            part.state = tree_map(_contiguous, part.state)
    return result


def evaluate(cache: PromptCacheOfModel) -> None:
    """Evaluates a cache's arrays, after which they hold no other memory."""
    mx.eval([layer.state for layer in cache])


def check_fits(cache: PromptCacheOfModel, model: nn.Module, *, quantised: bool = False) -> None:
    """Raises an exception if the model can't go on from a cache, unbatched or batched.

    MLX checks shapes before it computes anything, and nothing is computed here. A cache with
    quantised keys and values fits only with `quantised`, since it can't be batched.
    """
    empty = new_cache(model)
    wanted = [KVCache if quantised and t is QuantizedKVCache else t for t in _types(cache)]
    if wanted != _types(empty):
        raise ValueError("it holds other kinds of caches than the model has")
    one = mx.zeros((1, 1), mx.int32)
    model(one, cache=copied(cache))
    if unbatchable(cache) is None:
        batch = [layer.merge([layer, other]) for layer, other in zip(cache, empty, strict=True)]
        model(mx.concatenate([one, one]), cache=batch)


def copied(cache: PromptCacheOfModel) -> PromptCacheOfModel:
    """Returns a copy that can be written to. It takes no memory before that."""
    result: PromptCacheOfModel = copy.deepcopy(cache)
    return result


def save(file: Path, cache: PromptCacheOfModel, metadata: dict[str, str]) -> None:
    """Writes a cache as safetensors. The file's name must end in .safetensors."""
    save_prompt_cache(str(file), cache, metadata)


def load(file: Path) -> PromptCacheOfModel:
    """Reads a cache that `save` wrote, whose arrays are read from the file when needed."""
    return cast("PromptCacheOfModel", load_prompt_cache(str(file)))


def _parts(cache: PromptCacheOfModel) -> PromptCacheOfModel:
    """Returns the caches without the lists in which some models put them."""
    parts: PromptCacheOfModel = []
    for layer in cache:
        parts += _parts(list(layer.caches)) if type(layer) is CacheList else [layer]
    return parts


def _types(cache: PromptCacheOfModel) -> list[type]:
    return [type(part) for part in _parts(cache)]


def _cut(part: Any, count: int) -> None:  # noqa: ANN401
    if part.keys is None:
        return
    stored = count - getattr(part, "start_position", 0)
    part.keys, part.values = tree_map(
        lambda array: array[..., :stored, :], (part.keys, part.values)
    )
    part.offset = count
    if type(part) is RotatingKVCache:
        part._idx = count


def _cut_rotating(part: Any) -> None:  # noqa: ANN401
    """Removes the room to grow, and what a chunk of prefill added beyond the window."""
    if part.keys is None:
        return
    if part.offset < part.max_size:
        _cut(part, part.offset)
    elif part.keep == 0 and part._idx == part.keys.shape[2] > part.max_size:
        part.keys = part.keys[..., -part.max_size :, :]
        part.values = part.values[..., -part.max_size :, :]
        part._idx = part.max_size


def _contiguous(leaf: object) -> object:
    return mx.contiguous(leaf) if isinstance(leaf, mx.array) else leaf
