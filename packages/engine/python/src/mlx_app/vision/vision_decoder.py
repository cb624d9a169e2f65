"""Decoding with a model that sees: sequence by sequence, a piece of one at a time.

mlx-vlm's models can't be batched by mlx-lm: they keep the positions of an image beside the cache
and take what they saw in arguments of their own. Needs the extra `vision`.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Literal
from weakref import ref

import mlx.core as mx
import mlx.nn as nn

from .. import mlx_vlm_adapter
from ..mlx_lm_adapter.batch import Read, Token
from ..mlx_lm_adapter.sampling import Processor, Sampler
from ..mlx_lm_adapter.sequential import Failed
from ..mlx_vlm_adapter import Embedded
from .rope_state import notes_of, write_notes
from .vision_model import Notes, VisionModel, VisionPrompt

# Tokens after which MLX gives its unused memory back, as in mlx-vlm's generate_step.
CLEAR_EVERY_TOKENS = 256


class VisionBatch:
    """The sequences of one model that sees; used as mlx_lm_adapter's Sequential is.

    Must be used on one thread only, the one that read the model.
    """

    # Sequences with a cache at one time. More of them wait in the order of their insertion.
    size = 8
    # Tokens of a prompt that are read in one step.
    prefill_tokens = 512

    def __init__(self, model: VisionModel) -> None:
        self._network = model.model.network
        self._ends = frozenset(model.model.tokenizer.eos_token_ids)
        self._uids = count(-1, -1)
        self._turns: deque[_Sequence] = deque()
        self._waiting: deque[_Sequence] = deque()
        # What the model notes before it has read anything.
        self._blank = notes_of(self._network)

    def __len__(self) -> int:
        """Sequences that are not finished."""
        return len(self._turns) + len(self._waiting)

    @property
    def cache_bytes(self) -> int:
        """Bytes of the caches of all its sequences."""
        return sum(turn.cache_bytes for turn in self._turns)

    def insert(
        self,
        prompt: VisionPrompt,
        max_tokens: int,
        sampler: Sampler,
        processors: Sequence[Processor] = (),
    ) -> int:
        """Takes a sequence in and gives its uid, a number below 0. Computes nothing yet."""
        work = _Work(prompt, max_tokens, sampler, processors)
        sequence = _Sequence(next(self._uids), self._network, self._ends, work, self._blank)
        self._waiting.append(sequence)
        return sequence.uid

    def remove(self, uids: Sequence[int]) -> None:
        """Drops sequences in any state; the others go on unchanged."""
        self._turns = deque(turn for turn in self._turns if turn.uid not in uids)
        self._waiting = deque(turn for turn in self._waiting if turn.uid not in uids)

    def step(self) -> list[Token | Read | Failed]:
        """Brings one sequence on, the one that waited longest: its images, one chunk of its
        prompt, or one token.

        Gives nothing after the images and after the first pass, which is not waited for.
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
            write_notes(self._network, self._blank)
        if not turn.finished:
            self._turns.append(turn)
        return [*news]

    def close(self) -> None:
        """Drops all sequences."""
        self._turns.clear()
        self._waiting.clear()


@dataclass(frozen=True)
class _Work:
    """What one sequence is asked to do."""

    prompt: VisionPrompt
    max_tokens: int
    sampler: Sampler
    processors: Sequence[Processor]


class _Sequence:
    def __init__(
        self,
        uid: int,
        network: nn.Module,
        ends: frozenset[int],
        work: _Work,
        notes: Notes,
    ) -> None:
        self.uid = uid
        self.finished = False
        self._network = network
        self._ends = ends
        self._work = work
        self._notes = notes
        self._embedded: Embedded | None = None
        self._arguments: dict[str, Any] = {}
        self._cache: list[Any] = []
        self._ids = mx.array([work.prompt.tokens])
        # Embeddings of the prompt that are in the cache, of how many, and in which pieces.
        self._read = self._length = 0
        self._in_chunks = True
        # What the processors have seen: all but the newest token.
        self._seen = mx.array(work.prompt.tokens[:-1], mx.uint32)
        # The token that is being computed, and its log-probabilities.
        self._coming: tuple[mx.array, mx.array] | None = None
        self._made = 0

    @property
    def cache_bytes(self) -> int:
        """Bytes of what is kept of the sequence."""
        return sum(int(cache.nbytes) for cache in self._cache)

    def advance(self, prefill_tokens: int) -> Sequence[Token | Read]:
        """One piece of work, with the model's notes as this sequence left them."""
        write_notes(self._network, self._notes)
        try:
            if self._coming is not None:
                return [self._decode(*self._coming)]
            if self._embedded is None:
                self._embedded = self._embed()
            elif self._in_chunks and self._read < self._length - 1:
                return [self._prefill(self._embedded, prefill_tokens)]
            else:
                ids = self._ids[:, -1:] if self._in_chunks else self._ids
                self._coming = self._launch(ids, self._embedded.embeddings[:, self._read :])
                # From here on all is in the cache.
                self._embedded = None
            return []
        finally:
            self._notes = notes_of(self._network)

    def _embed(self) -> Embedded:
        prompt = self._work.prompt
        embedded = None if prompt.embedded is None else prompt.embedded()
        if embedded is None:
            embedded = mlx_vlm_adapter.embed_prompt(self._network, prompt.tokens, prompt.inputs)
            prompt.embedded = ref(embedded)
            prompt.notes = notes_of(self._network)
        else:
            write_notes(self._network, prompt.notes)
        self._cache = mlx_vlm_adapter.make_cache(self._network)
        self._length = embedded.embeddings.shape[1]
        self._arguments = dict(embedded.kwargs)
        self._in_chunks = mlx_vlm_adapter.in_chunks(self._network, self._ids, embedded, self._cache)
        return embedded

    def _prefill(self, embedded: Embedded, size: int) -> Read:
        end = min(self._read + size, self._length - 1)
        mlx_vlm_adapter.read_chunk(
            self._network,
            self._ids[:, self._read : end],
            embedded.embeddings[:, self._read : end],
            self._arguments,
            self._cache,
        )
        mx.clear_cache()
        self._read = end
        return Read(self.uid, end, at_boundary=False)

    def _decode(self, token: mx.array, logprobs: mx.array) -> Token:
        """Starts the pass for the next token, then waits for the one before: no pause between."""
        if self._made + 1 < self._work.max_tokens:
            self._coming = self._launch(token[None])
        return self._take(token, logprobs)

    def _launch(
        self, ids: mx.array, embeddings: mx.array | None = None
    ) -> tuple[mx.array, mx.array]:
        logits, self._arguments = mlx_vlm_adapter.next_logits(
            self._network, ids, embeddings, self._arguments, self._cache
        )
        if self._work.processors:
            self._seen = mx.concatenate([self._seen, ids[0, -1:].astype(mx.uint32)])
            for processor in self._work.processors:
                logits = processor(self._seen, logits)
        logprobs = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
        token = self._work.sampler(logprobs)
        logprobs = logprobs.squeeze(0)
        mx.async_eval(token, logprobs)  # type: ignore[no-untyped-call]
        return token, logprobs

    def _take(self, token: mx.array, logprobs: mx.array) -> Token:
        value = token.item()
        assert isinstance(value, int)
        self._made += 1
        if self._made % CLEAR_EVERY_TOKENS == 0:
            mx.clear_cache()
        finish_reason: Literal["stop", "length"] | None = None
        if value in self._ends:
            finish_reason = "stop"
        elif self._made >= self._work.max_tokens:
            finish_reason = "length"
        self.finished = finish_reason is not None
        return Token(self.uid, value, finish_reason, logprobs)
