"""The memory that tokens take in the caches of a model, known before their prefill."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_flatten
from mlx_lm.models.cache import CacheList, KVCache, make_prompt_cache

# mlx-lm's caches grow by this many tokens (`step` in mlx_lm/models/cache.py).
STEP = 256

# The attention scores that the CPU holds at once during prefill, in arrays of one layer. Measured
# with the hello model at 2,000 and 8,000 tokens: 1.4 to 1.6.
SCORES_HELD = 1.6


@dataclass(frozen=True)
class LayerSize:
    """The size of one cache of a model. `window_tokens` is the most that it keeps; None for all."""

    token_bytes: float
    constant_bytes: int
    window_tokens: int | None
    element_bytes: int
    quantisable: bool

    def bytes(self, slots: int, kv_bits: int | None, kv_group_size: int) -> float:
        """Returns the bytes of one sequence with room for `slots` tokens."""
        kept = slots if self.window_tokens is None else min(slots, self.window_tokens)
        token_bytes = self.token_bytes
        if kv_bits is not None and self.quantisable:
            # Each group of values has a scale and a bias in the type of the model's numbers.
            value_bytes = kv_bits / 8 + 2 * self.element_bytes / kv_group_size
            token_bytes *= min(1, value_bytes / self.element_bytes)
        return self.constant_bytes + kept * token_bytes


@dataclass(frozen=True)
class CacheSize:
    """The size of one sequence in a model's caches. `heads` is the number of query heads."""

    layers: tuple[LayerSize, ...]
    heads: int

    def __add__(self, other: "CacheSize") -> "CacheSize":
        """Returns the size for two models with the same tokens: one and its draft model."""
        return CacheSize(self.layers + other.layers, max(self.heads, other.heads))

    @property
    def token_bytes(self) -> float:
        """The bytes of one more token, as long as no window is full."""
        return sum(layer.token_bytes for layer in self.layers)

    def bytes(
        self,
        tokens: int,
        sequences: int = 1,
        *,
        kv_bits: int | None = None,
        kv_group_size: int = 64,
    ) -> int:
        """Returns the bytes of a batch of sequences, the longest of which has `tokens` tokens.

        The rows of a batch have equal length, so the short ones cost as much as the longest.
        """
        slots = -(-tokens // STEP) * STEP
        one = sum(layer.bytes(slots, kv_bits, kv_group_size) for layer in self.layers)
        return max(1, round(one)) * sequences

    def prefill_bytes(self, prompt_tokens: int, chunk_tokens: int) -> int:
        """Returns the bytes that prefill takes temporarily, besides those of the caches.

        A window is larger by one chunk of the prompt until the next one. The CPU holds the
        attention scores of a layer; GPU kernels don't, for the head sizes that they support.
        """
        chunk = min(prompt_tokens, chunk_tokens)
        overhang = sum(
            min(chunk, max(0, prompt_tokens - layer.window_tokens)) * layer.token_bytes
            for layer in self.layers
            if layer.window_tokens is not None
        )
        scores = 0.0
        if mx.default_device().type == mx.DeviceType.cpu:
            element = max((layer.element_bytes for layer in self.layers), default=4)
            scores = SCORES_HELD * self.heads * chunk * prompt_tokens * element
        return round(overhang + scores)


def cache_size(network: nn.Module, config: dict[str, Any]) -> CacheSize:
    """Measures the size of a token in a model's caches.

    MLX is lazy: a short prompt that is never evaluated fills the caches with arrays that have
    shapes and types but no memory, and reads no weights. Two prompts of different lengths show what
    grows with the tokens and what is constant. If a model's code can't be measured like this, its
    config is used. Must be used on the thread that read the model. Takes milliseconds.
    """
    heads = _number(config, "num_attention_heads") or 1
    try:
        layers = tuple(_measured(network))
    except Exception:  # the code of some models evaluates or refuses the tokens
        layers = ()
    if sum(layer.token_bytes + layer.constant_bytes for layer in layers) <= 0:
        layers = (_by_config(network, config),)
    return CacheSize(layers, heads)


def _measured(network: nn.Module) -> Iterator[LayerSize]:
    # Two tokens, not one: a rotating cache grows by the size of its input only if that is not one.
    short, long = _filled(network, 2), _filled(network, 2 + STEP)
    for before, after in zip(short, long, strict=True):
        small, large = before.nbytes, after.nbytes
        token_bytes = (large - small) / STEP
        window = getattr(after, "max_size", None) or getattr(after, "chunk_size", None)
        yield LayerSize(
            token_bytes=token_bytes,
            # The rest of the short one without its tokens, which may have taken a whole step.
            constant_bytes=max(0, round(small - STEP * token_bytes)),
            window_tokens=window if isinstance(window, int) else None,
            element_bytes=_element_bytes(after),
            quantisable=type(after) is KVCache,
        )


def _filled(network: nn.Module, tokens: int) -> list[Any]:
    caches = make_prompt_cache(network)
    network(mx.zeros((1, tokens), dtype=mx.int32), cache=caches)
    return list(_leaves(caches))


def _leaves(caches: Iterable[Any]) -> Iterator[Any]:
    for cache in caches:
        if isinstance(cache, CacheList):
            yield from _leaves(cache.caches)
        elif cache is not None:
            yield cache


def _element_bytes(cache: object) -> int:
    keys = getattr(cache, "keys", None)
    return keys.dtype.size if isinstance(keys, mx.array) else 4


def _by_config(network: nn.Module, config: dict[str, Any]) -> LayerSize:
    """Returns the size of keys and values for all heads in all layers, by the model's config."""
    layers = _number(config, "num_hidden_layers", "n_layer", "n_layers") or len(network.layers)
    hidden = _number(config, "hidden_size", "n_embd", "d_model") or 4096
    heads = _number(config, "num_attention_heads", "n_head", "n_heads") or max(1, hidden // 128)
    kv_heads = _number(config, "num_key_value_heads") or heads
    head_size = _number(config, "head_dim") or max(1, hidden // heads)
    element = _weights_element_bytes(network)
    return LayerSize(2.0 * layers * kv_heads * head_size * element, 0, None, element, True)


def _weights_element_bytes(network: nn.Module) -> int:
    """Returns the bytes of the numbers that the model computes with, not of packed weights."""
    leaves: Any = tree_flatten(network.parameters())  # type: ignore[no-untyped-call]
    return max(
        (leaf.dtype.size for _, leaf in leaves if mx.issubdtype(leaf.dtype, mx.floating)),
        default=2,
    )


def _number(config: dict[str, Any], *names: str) -> int | None:
    for level in (config, config.get("text_config") or {}):
        for name in names:
            found = level.get(name)
            if isinstance(found, int) and found > 0:
                return found
    return None
