"""Decoding one sequence by itself, step by step."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx_lm.generate import maybe_quantize_kv_cache
from mlx_lm.models.cache import trim_prompt_cache

from .batch import CacheSnapshot, PrefillProgress, Token
from .sampled_tokens import SampledTokens, id_of
from .sampling import Processor, Sampler
from .speculation import Draft, can_rewind


@dataclass(frozen=True)
class Work:
    """The arguments of `Sequential.insert` for one sequence."""

    prompt: list[int]
    max_tokens: int
    sampler: Sampler
    processors: Sequence[Processor]
    draft: nn.Module | None
    draft_tokens: int
    kv_bits: int | None
    kv_group_size: int


class OneSequence:
    """Prefills a prompt chunk by chunk, then decodes, with a cache of its own."""

    def __init__(
        self,
        uid: int,
        model: nn.Module,
        end_of_text: frozenset[int],
        work: Work,
        cache: list[Any],
        cached_tokens: int,
    ) -> None:
        self.uid = uid
        self._model = model
        self._work = work
        self._cache = cache
        self._text = list(work.prompt)
        # Tokens of the text that are in the cache.
        self._in_cache = self._cached = cached_tokens
        self._draft: Draft | None = None
        # The last token of the prompt is processed in the pass that gives the first new one.
        self._last = len(work.prompt) - 1
        self._tokens = SampledTokens(
            uid, work.prompt, work.max_tokens, work.sampler, work.processors, end_of_text
        )
        # The token that is being computed, and its log-probabilities.
        self._coming: tuple[mx.array, mx.array] | None = None

    @property
    def finished(self) -> bool:
        """Whether the last token has come."""
        return self._tokens.finished

    @property
    def cache_bytes(self) -> int:
        """The bytes of the sequence's caches, with those of its draft model."""
        own = sum(int(cache.nbytes) for cache in self._cache)
        return own if self._draft is None else own + self._draft.cache_bytes

    def advance(self, prefill_tokens: int) -> Sequence[Token | PrefillProgress]:
        """Runs one chunk of prefill or one pass of the model."""
        if self._in_cache < self._last:
            return [self._prefill(prefill_tokens)]
        if self._work.draft is None:
            return self._decode()
        if self._draft is None:
            self._draft = Draft(self._work.draft, self._model)
        if self._draft.prefill(self._text, self._last, prefill_tokens):
            return []
        return self._speculate(self._draft)

    def _prefill(self, size: int) -> PrefillProgress:
        end = min(self._in_cache + size, self._last)
        self._forward(mx.array(self._text[self._in_cache : end], mx.uint32))
        mx.eval([cache.state for cache in self._cache])
        mx.clear_cache()
        return PrefillProgress(self.uid, self._in_cache - self._cached, at_boundary=False)

    def _decode(self) -> list[Token]:
        """Starts the pass for the next token before it waits for this one, so MLX never pauses."""
        if self._coming is None:
            self._coming = self._launch(mx.array(self._text[-1:], mx.uint32))
            return []
        token, logprobs = self._coming
        if self._tokens.remaining > 1:
            self._coming = self._launch(token)
        return [replace(self._take(token, logprobs), snapshot=self._snapshot())]

    def _snapshot(self) -> CacheSnapshot | None:
        """Returns the cache at the end of the sequence, unless it is quantised."""
        if not self.finished or self._work.kv_bits is not None:
            return None
        return CacheSnapshot(self._text[: self._in_cache], self._cache)

    def _launch(self, newest: mx.array) -> tuple[mx.array, mx.array]:
        token, logprobs = self._tokens.sample(self._forward(newest)[:, -1, :], newest)
        mx.async_eval(token, logprobs)  # type: ignore[no-untyped-call]
        return token, logprobs

    def _speculate(self, draft: Draft) -> list[Token]:
        """One pass over the newest token and the proposals for the next ones.

        The model's own token is taken at each place up to the first that was proposed wrongly.
        """
        start = len(self._text)
        newest = mx.array(self._text[-1:], mx.uint32)
        wanted = min(self._work.draft_tokens, self._tokens.remaining - 1)
        proposals = draft.propose(self._text, wanted if can_rewind(self._cache, wanted + 1) else 0)
        logits = self._forward(mx.concatenate([newest, *proposals]))
        tokens: list[Token] = []
        accepted = 0
        while not self.finished and accepted == len(tokens):
            newest, logprobs = self._tokens.sample(logits[:, accepted, :], newest)
            right = accepted < len(proposals) and id_of(newest) == id_of(proposals[accepted])
            tokens.append(self._take(newest, logprobs, from_draft=right))
            accepted += right
        trim_prompt_cache(self._cache, len(proposals) - accepted)
        self._in_cache = start + accepted
        draft.rewind(self._in_cache)
        return [*tokens[:-1], replace(tokens[-1], snapshot=self._snapshot())]

    def _forward(self, tokens: mx.array) -> mx.array:
        """Returns logits of shape (1, tokens, vocabulary)."""
        logits: mx.array = self._model(tokens[None], cache=self._cache)
        maybe_quantize_kv_cache(self._cache, 0, self._work.kv_group_size, self._work.kv_bits)
        self._in_cache += tokens.size
        return logits

    def _take(self, token: mx.array, logprobs: mx.array, *, from_draft: bool = False) -> Token:
        taken = self._tokens.take(token, logprobs, from_draft=from_draft)
        self._text.append(taken.token)
        return taken
