"""The draft model's side of speculative decoding."""

from collections.abc import Iterator, Sequence
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx_lm.models.cache import make_prompt_cache, trim_prompt_cache

from .abilities import logits_width


class Draft:
    """A draft model that follows one sequence and proposes its next tokens.

    It proposes its likeliest tokens, without processors or a sampler. The model checks each
    proposal with its own, which therefore see every token of the text once and in order.
    """

    def __init__(self, draft: nn.Module, model: nn.Module) -> None:
        self._draft = draft
        self._cache = make_prompt_cache(draft)
        # Tokens of the text that are in the cache.
        self._in_cache = 0
        # Both may give more probabilities than their common vocabulary has tokens; an id beyond the
        # embeddings would make MLX read beyond its memory.
        self._last_token = logits_width(draft) - 1
        self._width = logits_width(model)

    @property
    def cache_bytes(self) -> int:
        """The bytes of the draft model's cache."""
        return sum(int(cache.nbytes) for cache in self._cache)

    def prefill(self, text: list[int], end: int, size: int) -> bool:
        """Prefills the next `size` tokens; returns False if all up to `end` are in the cache."""
        chunk = text[self._in_cache : min(self._in_cache + size, end)]
        if not chunk:
            return False
        self._forward(mx.array(chunk, mx.uint32))
        mx.eval([cache.state for cache in self._cache])
        mx.clear_cache()
        return True

    def propose(self, text: list[int], count: int) -> list[mx.array]:
        """Returns `count` tokens that may follow, of shape (1,) each, not computed yet.

        Returns none where a cache could not drop that many again.
        """
        newest = mx.array(text[self._in_cache :], mx.uint32)
        if count == 0 or not can_rewind(self._cache, newest.size + count - 1):
            return []
        proposals: list[mx.array] = []
        for _ in range(count):
            newest = mx.argmax(self._forward(newest)[:, -1, : self._width], axis=-1)
            mx.async_eval(newest)  # type: ignore[no-untyped-call]
            proposals.append(newest)
        return proposals

    def rewind(self, tokens: int) -> None:
        """Drops all but the first `tokens` tokens from the cache."""
        if self._in_cache > tokens:
            trim_prompt_cache(self._cache, self._in_cache - tokens)
            self._in_cache = tokens

    def _forward(self, tokens: mx.array) -> mx.array:
        self._in_cache += tokens.size
        known = mx.minimum(tokens, self._last_token)
        logits: mx.array = self._draft(known[None], cache=self._cache)
        return logits


def can_rewind(caches: Sequence[Any], tokens: int) -> bool:
    """Whether the caches can take so many tokens and then drop them.

    A sliding window can until it is full; from there on its oldest tokens are gone.
    """
    return all(
        cache.is_trimmable()
        and (not hasattr(cache, "max_size") or cache.offset + tokens < cache.max_size)
        for cache in _flat(caches)
    )


def _flat(caches: Sequence[Any]) -> Iterator[Any]:
    for cache in caches:
        inner = getattr(cache, "caches", None)
        yield from [cache] if inner is None else _flat(inner)
