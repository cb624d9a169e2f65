"""What the caches of a model allow: going back, and being quantised."""

import mlx.core as mx
import mlx.nn as nn
from mlx_lm.generate import maybe_quantize_kv_cache
from mlx_lm.models.cache import ArraysCache, KVCache, make_prompt_cache
from mlx_lm.utils import does_model_support_input_embeddings

ONE_TOKEN = [[0]]


def logits_width(model: nn.Module) -> int:
    """How many tokens the model gives probabilities for; computes nothing but shapes."""
    logits: mx.array = model(mx.array(ONE_TOKEN, mx.uint32), cache=make_prompt_cache(model))
    return logits.shape[-1]


def takes_embeddings(model: nn.Module) -> bool:
    """Whether the model reads vectors in place of tokens."""
    return bool(does_model_support_input_embeddings(model))


def untrimmable_cache(model: nn.Module) -> str | None:
    """Name of a cache of this model that can't forget its last tokens, if it has one."""
    caches = make_prompt_cache(model)
    return next((type(cache).__name__ for cache in caches if not cache.is_trimmable()), None)


def unquantisable_cache(model: nn.Module) -> str | None:
    """Name of a cache of this model that mlx-lm can't quantise, if it has one.

    An ArraysCache is the state of a recurrent layer: it does not grow, and stays as it is beside
    KV caches that do.
    """
    caches = make_prompt_cache(model)
    others = [type(cache).__name__ for cache in caches if not isinstance(cache, KVCache)]
    if len(others) == len(caches):
        return others[0] if others else "nothing"
    return next((name for name in others if name != ArraysCache.__name__), None)


def kv_row_sizes(model: nn.Module) -> set[int]:
    """Numbers in a row of the model's KV caches (its head dimensions); computes only shapes."""
    caches = make_prompt_cache(model)
    model(mx.array(ONE_TOKEN, mx.uint32), cache=caches)
    kept = [cache for cache in caches if isinstance(cache, KVCache)]
    return {array.shape[-1] for cache in kept for array in (cache.keys, cache.values)}


def try_quantised(model: nn.Module, bits: int, group_size: int) -> None:
    """Reads two tokens with quantised caches, as shapes only: raises what mlx-lm would raise."""
    caches = make_prompt_cache(model)
    token = mx.array(ONE_TOKEN, mx.uint32)
    model(token, cache=caches)
    maybe_quantize_kv_cache(caches, 0, group_size, bits)
    model(token, cache=caches)
