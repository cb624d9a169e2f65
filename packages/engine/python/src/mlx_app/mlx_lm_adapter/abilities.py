"""Whether the caches of a model can be trimmed and quantised."""

import mlx.core as mx
import mlx.nn as nn
from mlx_lm.generate import maybe_quantize_kv_cache
from mlx_lm.models.cache import ArraysCache, KVCache, make_prompt_cache

ONE_TOKEN = [[0]]


def logits_width(model: nn.Module) -> int:
    """Returns how many tokens the model gives probabilities for. Computes only shapes."""
    logits: mx.array = model(mx.array(ONE_TOKEN, mx.uint32), cache=make_prompt_cache(model))
    return logits.shape[-1]


def untrimmable_cache(model: nn.Module) -> str | None:
    """Returns the name of a cache of this model that can't drop its last tokens, if it has one."""
    caches = make_prompt_cache(model)
    return next((type(cache).__name__ for cache in caches if not cache.is_trimmable()), None)


def unquantisable_cache(model: nn.Module) -> str | None:
    """Returns the name of a cache of this model that mlx-lm can't quantise, if it has one.

    An ArraysCache is the state of a recurrent layer. It doesn't grow and needs no quantisation
    beside KV caches that do.
    """
    caches = make_prompt_cache(model)
    others = [type(cache).__name__ for cache in caches if not isinstance(cache, KVCache)]
    if len(others) == len(caches):
        return others[0] if others else "nothing"
    return next((name for name in others if name != ArraysCache.__name__), None)


def kv_row_sizes(model: nn.Module) -> set[int]:
    """Returns the row sizes of the KV caches (the head dimensions). Computes only shapes."""
    caches = make_prompt_cache(model)
    model(mx.array(ONE_TOKEN, mx.uint32), cache=caches)
    kept = [cache for cache in caches if isinstance(cache, KVCache)]
    arrays = [array for cache in kept for array in (cache.keys, cache.values)]
    return {array.shape[-1] for array in arrays if array is not None}


def try_quantised(model: nn.Module, bits: int, group_size: int) -> None:
    """Runs two tokens with quantised caches, as shapes only, and raises what mlx-lm would raise."""
    caches = make_prompt_cache(model)
    token = mx.array(ONE_TOKEN, mx.uint32)
    model(token, cache=caches)
    maybe_quantize_kv_cache(caches, 0, group_size, bits)
    model(token, cache=caches)
