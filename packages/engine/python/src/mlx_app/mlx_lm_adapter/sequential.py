"""Unbatched decoding, one sequence after the other: for what BatchGenerator can't do."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx_lm.models.cache import make_prompt_cache
from mlx_lm.utils import maybe_set_recommended_wired_limit

from .batch import PrefillProgress, Token
from .models import Tokenizer
from .one_sequence import OneSequence, Work
from .sampling import Processor, Sampler


@dataclass(frozen=True)
class Failed:
    """A sequence that raised and was removed; the others go on."""

    uid: int
    error: Exception


class Sequential:
    """Decodes the sequences of one model in turn: with draft models, with quantised KV caches, and
    with caches that can't be batched.

    Must be used on one thread only, the one that read the model.
    """

    # Tokens of a prompt that are prefilled in one step.
    prefill_tokens = 512

    def __init__(self, model: nn.Module, tokenizer: Tokenizer) -> None:
        self._model = model
        self._end_of_text = frozenset(tokenizer.eos_token_ids)
        # Below 0, so that they differ from the uids of a batch of the same model.
        self._uids = count(-1, -1)
        self._turns: deque[OneSequence] = deque()
        self._old_wired_limit: int | None = maybe_set_recommended_wired_limit()

    def __len__(self) -> int:
        """The number of unfinished sequences."""
        return len(self._turns)

    @property
    def cache_bytes(self) -> int:
        """The bytes of the caches of all sequences."""
        return sum(turn.cache_bytes for turn in self._turns)

    def insert(
        self,
        prompt: list[int],
        max_tokens: int,
        sampler: Sampler,
        processors: Sequence[Processor] = (),
        *,
        draft: nn.Module | None = None,
        draft_tokens: int = 3,
        kv_bits: int | None = None,
        kv_group_size: int = 64,
        cache: list[Any] | None = None,
        cached_tokens: int = 0,
    ) -> int:
        """Adds a sequence and returns its uid, a number below 0. Computes nothing yet.

        prompt: at least one token. cache: a cache of the model with the first `cached_tokens`
        tokens of the prompt, fewer than all; it is changed in place. `models.unbatched_checks`
        checks beforehand whether the model can do what is asked.
        """
        work = Work(
            prompt=prompt,
            max_tokens=max_tokens,
            sampler=sampler,
            processors=processors,
            draft=draft,
            draft_tokens=draft_tokens,
            kv_bits=kv_bits,
            kv_group_size=kv_group_size,
        )
        uid = next(self._uids)
        if cache is None:
            cache = make_prompt_cache(self._model)
        self._turns.append(
            OneSequence(uid, self._model, self._end_of_text, work, cache, cached_tokens)
        )
        return uid

    def remove(self, uids: Sequence[int]) -> None:
        """Removes sequences in any state; the others go on unchanged."""
        self._turns = deque(turn for turn in self._turns if turn.uid not in uids)

    def step(self) -> list[Token | PrefillProgress | Failed]:
        """Advances the sequence that waited longest: by one chunk of its prompt or one pass of the
        model, which with a draft model gives up to `draft_tokens` + 1 tokens.

        The first pass without a draft model returns nothing, because it is not waited for.
        """
        if not self._turns:
            return []
        turn = self._turns.popleft()
        try:
            news = turn.advance(self.prefill_tokens)
        except Exception as error:
            return [Failed(turn.uid, error)]
        if not turn.finished:
            self._turns.append(turn)
        return [*news]

    def close(self) -> None:
        """Removes all sequences and releases what was taken from the system (wired memory)."""
        self._turns.clear()
        if self._old_wired_limit is not None:
            mx.synchronize()
            mx.set_wired_limit(self._old_wired_limit)
            self._old_wired_limit = None
