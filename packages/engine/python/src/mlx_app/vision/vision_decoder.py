"""Decoding with a model that takes images, one sequence after the other.

mlx-lm can't batch mlx-vlm's models: they keep position state beside the cache, and take images in
arguments of their own. Needs the optional packages for images.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any
from weakref import ref

import mlx.core as mx
import mlx.nn as nn

from .. import mlx_vlm_adapter
from ..mlx_lm_adapter.batch import PrefillProgress, Token
from ..mlx_lm_adapter.sampled_tokens import SampledTokens
from ..mlx_lm_adapter.sampling import Processor, Sampler
from ..mlx_lm_adapter.sequential import Failed
from ..mlx_vlm_adapter import Embedded
from .rope_state import get_rope_state, set_rope_state
from .vision_model import RopeState, VisionModel, VisionPrompt


class VisionDecoder:
    """Decodes the sequences of one model in turn, as mlx_lm_adapter's Sequential does.

    Must be used on one thread only, the one that read the model.
    """

    # Sequences with a cache at one time. More of them wait in the order of their insertion.
    size = 8
    # Tokens of a prompt that are prefilled in one step.
    prefill_tokens = 512

    def __init__(self, model: VisionModel) -> None:
        self._network = model.model.network
        self._ends = frozenset(model.model.tokenizer.eos_token_ids)
        self._uids = count(-1, -1)
        self._turns: deque[_VisionSequence] = deque()
        self._waiting: deque[_VisionSequence] = deque()
        # The position state before the first prompt.
        self._initial_state = get_rope_state(self._network)

    def __len__(self) -> int:
        """The number of unfinished sequences."""
        return len(self._turns) + len(self._waiting)

    @property
    def cache_bytes(self) -> int:
        """The bytes of the caches of all sequences."""
        return sum(turn.cache_bytes for turn in self._turns)

    def insert(
        self,
        prompt: VisionPrompt,
        max_tokens: int,
        sampler: Sampler,
        processors: Sequence[Processor] = (),
    ) -> int:
        """Adds a sequence and returns its uid, a number below 0. Computes nothing yet."""
        work = _Work(prompt, max_tokens, sampler, processors)
        sequence = _VisionSequence(
            next(self._uids), self._network, self._ends, work, self._initial_state
        )
        self._waiting.append(sequence)
        return sequence.uid

    def remove(self, uids: Sequence[int]) -> None:
        """Removes sequences in any state; the others go on unchanged."""
        self._turns = deque(turn for turn in self._turns if turn.uid not in uids)
        self._waiting = deque(turn for turn in self._waiting if turn.uid not in uids)

    def step(self) -> list[Token | PrefillProgress | Failed]:
        """Advances the sequence that waited longest: by its images, one chunk of its prompt, or one
        token.

        The images return nothing, and neither does the first pass, because it is not waited for.
        """
        while self._waiting and len(self._turns) < self.size:
            self._turns.append(self._waiting.popleft())
        if not self._turns:
            return []
        turn = self._turns.popleft()
        try:
            news = turn.advance(self.prefill_tokens)
        except Exception as error:
            return [Failed(turn.uid, error)]
        finally:
            set_rope_state(self._network, self._initial_state)
        if not turn.finished:
            self._turns.append(turn)
        return [*news]

    def close(self) -> None:
        """Removes all sequences."""
        self._turns.clear()
        self._waiting.clear()


@dataclass(frozen=True)
class _Work:
    """The arguments of `insert` for one sequence."""

    prompt: VisionPrompt
    max_tokens: int
    sampler: Sampler
    processors: Sequence[Processor]


class _VisionSequence:
    def __init__(
        self,
        uid: int,
        network: nn.Module,
        ends: frozenset[int],
        work: _Work,
        state: RopeState,
    ) -> None:
        self.uid = uid
        self._network = network
        self._work = work
        self._state = state
        self._embedded: Embedded | None = None
        self._arguments: dict[str, Any] = {}
        self._cache: list[Any] = []
        self._ids = mx.array([work.prompt.tokens])
        # How many embeddings of the prompt are in the cache, and how many there are.
        self._in_cache = self._length = 0
        self._in_chunks = True
        self._tokens = SampledTokens(
            uid, work.prompt.tokens, work.max_tokens, work.sampler, work.processors, ends
        )
        # The token that is being computed, and its log-probabilities.
        self._coming: tuple[mx.array, mx.array] | None = None

    @property
    def finished(self) -> bool:
        """Whether the last token has come."""
        return self._tokens.finished

    @property
    def cache_bytes(self) -> int:
        """The bytes of the sequence's caches."""
        return sum(int(cache.nbytes) for cache in self._cache)

    def advance(self, prefill_tokens: int) -> Sequence[Token | PrefillProgress]:
        """Runs one piece of work, with the position state as this sequence left it."""
        set_rope_state(self._network, self._state)
        try:
            if self._coming is not None:
                return [self._decode(*self._coming)]
            if self._embedded is None:
                self._embedded = self._embed()
            elif self._in_chunks and self._in_cache < self._length - 1:
                return [self._prefill(self._embedded, prefill_tokens)]
            else:
                ids = self._ids[:, -1:] if self._in_chunks else self._ids
                self._coming = self._launch(ids, self._embedded.embeddings[:, self._in_cache :])
                # From here on, everything is in the cache.
                self._embedded = None
            return []
        finally:
            self._state = get_rope_state(self._network)

    def _embed(self) -> Embedded:
        prompt = self._work.prompt
        embedded = None if prompt.embedded is None else prompt.embedded()
        if embedded is None:
            embedded = mlx_vlm_adapter.embed_prompt(self._network, prompt.tokens, prompt.inputs)
            prompt.embedded = ref(embedded)
            prompt.rope_state = get_rope_state(self._network)
        else:
            set_rope_state(self._network, prompt.rope_state)
        self._cache = mlx_vlm_adapter.make_cache(self._network)
        self._length = embedded.embeddings.shape[1]
        self._arguments = dict(embedded.kwargs)
        self._in_chunks = mlx_vlm_adapter.in_chunks(self._network, self._ids, embedded, self._cache)
        return embedded

    def _prefill(self, embedded: Embedded, size: int) -> PrefillProgress:
        end = min(self._in_cache + size, self._length - 1)
        mlx_vlm_adapter.prefill_chunk(
            self._network,
            self._ids[:, self._in_cache : end],
            embedded.embeddings[:, self._in_cache : end],
            self._arguments,
            self._cache,
        )
        mx.clear_cache()
        self._in_cache = end
        return PrefillProgress(self.uid, end, at_boundary=False)

    def _decode(self, token: mx.array, logprobs: mx.array) -> Token:
        """Starts the pass for the next token before it waits for this one, so MLX never pauses."""
        if self._tokens.remaining > 1:
            self._coming = self._launch(token[None])
        return self._tokens.take(token, logprobs)

    def _launch(
        self, ids: mx.array, embeddings: mx.array | None = None
    ) -> tuple[mx.array, mx.array]:
        logits, self._arguments = mlx_vlm_adapter.next_logits(
            self._network, ids, embeddings, self._arguments, self._cache
        )
        token, logprobs = self._tokens.sample(logits, ids[0, -1:].astype(mx.uint32))
        mx.async_eval(token, logprobs)  # type: ignore[no-untyped-call]
        return token, logprobs
