"""Continuous batching."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import mlx.core as mx
import mlx.nn as nn
from mlx_lm.generate import BatchGenerator, make_stop_sequences

from .models import Tokenizer
from .sampling import Processor, Sampler


@dataclass(frozen=True)
class Kept:
    """What a model keeps of tokens that it has read: one cache for each of its layers."""

    tokens: list[int]
    cache: list[Any]


@dataclass(frozen=True)
class Token:
    """One decoded token of one sequence."""

    uid: int
    token: int
    # Set on the last token of a sequence.
    finish_reason: Literal["stop", "length"] | None
    # Of all tokens, after the processors: shape (vocabulary,).
    logprobs: mx.array
    from_draft: bool = False
    # Comes with the last token where it could be had.
    kept: Kept | None = None


@dataclass(frozen=True)
class Read:
    """A chunk of a sequence's prompt was read."""

    uid: int
    # Tokens of the prompt that were read so far, without those that came with a cache.
    tokens: int
    # Whether the chunk ended at a boundary, so that `Batch.kept` has its cache just there.
    at_boundary: bool


@dataclass(frozen=True)
class Step:
    """What one step brought."""

    tokens: list[Token]
    reads: list[Read]


class Batch:
    """Continuous batching over one model: sequences come and go between steps.

    Must be used on one thread only, the one that read the model.
    """

    # Sequences that decode together.
    size = 32
    # Prompts that are read together.
    prefill_size = 8
    # Most tokens of a prompt that are read in one step. The CPU holds the attention scores of them
    # all, and gains nothing from more.
    most_prefill_tokens = 2048 if mx.is_available(mx.gpu) else 512

    def __init__(self, model: nn.Module, tokenizer: Tokenizer) -> None:
        self._generator = BatchGenerator(
            model,
            completion_batch_size=self.size,
            prefill_batch_size=self.prefill_size,
            prefill_step_size=self.most_prefill_tokens,
            stream=mx.default_stream(mx.default_device()),
        )
        self._end_of_text = make_stop_sequences(tokenizer)
        # Tokens of each prompt that the next step reads.
        self.prefill_tokens = self.most_prefill_tokens

    def insert(
        self,
        prompt: Sequence[int],
        max_tokens: int,
        sampler: Sampler,
        processors: Sequence[Processor] = (),
        *,
        kept: Kept | None = None,
        boundaries: Sequence[int] = (),
    ) -> int:
        """Queues a sequence and gives its uid.

        prompt: what is to be read, at least one token; without the tokens of `kept`, which was
        read before. boundaries: numbers of tokens of `prompt` after which `kept` can be had.
        """
        (uid,) = self._generator.insert_segments(
            [_segments(prompt, boundaries)],
            max_tokens=[max_tokens],
            caches=[None if kept is None else kept.cache],
            all_tokens=[[] if kept is None else list(kept.tokens)],
            samplers=[sampler],
            logits_processors=[list(processors)],
            stop_sequences=[self._end_of_text],
        )
        return int(uid)

    def remove(self, uids: Sequence[int], *, keep: bool = False) -> dict[int, Kept]:
        """Drops sequences in any state; the others go on unchanged.

        keep: gives what was kept of each. A sequence that waits has nothing.
        """
        found = self._generator.remove(list(uids), return_prompt_caches=keep)
        return _as_kept(found)

    def kept(self, uids: Sequence[int]) -> dict[int, Kept]:
        """A copy of what is kept of sequences that go on."""
        return _as_kept(self._generator.extract_cache(list(uids)))

    @property
    def cache_bytes(self) -> int:
        """Bytes of the caches of all its sequences."""
        return int(self._generator.prompt_cache_nbytes)

    def step(self) -> Step:
        """One decode step and at most one chunk of prefill."""
        self._generator.prefill_step_size = self.prefill_tokens
        reads, tokens = self._generator.next()
        return Step(
            [
                Token(
                    r.uid,
                    r.token,
                    r.finish_reason,
                    r.logprobs,
                    kept=None if r.prompt_cache is None else Kept(r.all_tokens, r.prompt_cache),
                )
                for r in tokens
            ],
            [Read(r.uid, r.progress[0], r.end_of_segment) for r in reads if not r.end_of_prompt],
        )

    def close(self) -> None:
        """Gives back what the generator asked of the system (wired memory on Metal)."""
        self._generator.close()


def _segments(prompt: Sequence[int], boundaries: Sequence[int]) -> list[list[int]]:
    """The prompt cut at the boundaries, its last token apart: mlx-lm decodes from it."""
    cuts = sorted({cut for cut in (*boundaries, len(prompt) - 1) if 0 < cut < len(prompt)})
    return [
        list(prompt[start:end]) for start, end in zip([0, *cuts], [*cuts, len(prompt)], strict=True)
    ]


def _as_kept(found: dict[int, Any]) -> dict[int, Kept]:
    return {uid: Kept(list(tokens), cache) for uid, (cache, tokens) in found.items()}
