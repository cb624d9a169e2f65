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
class CacheSnapshot:
    """The caches of prefilled tokens: one for each layer of the model."""

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
    # The caches at the end of the sequence, with its last token, where they can be had.
    snapshot: CacheSnapshot | None = None


@dataclass(frozen=True)
class PrefillProgress:
    """How far the prefill of a sequence is after one more chunk."""

    uid: int
    # Tokens that were prefilled so far, without those that came with a snapshot.
    tokens: int
    # Whether the chunk ended at a boundary, so that `Batch.snapshots` gives the caches there.
    at_boundary: bool


@dataclass(frozen=True)
class Step:
    """The results of one step."""

    tokens: list[Token]
    prefills: list[PrefillProgress]


class Batch:
    """Continuous batching over one model: sequences come and go between steps.

    Must be used on one thread only, the one that read the model.
    """

    # Sequences that decode together.
    size = 32
    # Prompts that are prefilled together.
    prefill_size = 8
    # Most tokens of a prompt that are prefilled in one step. The CPU holds the attention scores of
    # them all, and gains nothing from more.
    most_prefill_tokens = 2048 if mx.is_available(mx.gpu) else 512

    def __init__(self, model: nn.Module, tokenizer: Tokenizer) -> None:
        # mlx-lm's annotations are narrower than what it accepts.
        self._generator: Any = BatchGenerator(
            model,
            completion_batch_size=self.size,
            prefill_batch_size=self.prefill_size,
            prefill_step_size=self.most_prefill_tokens,
            stream=mx.default_stream(mx.default_device()),
        )
        self._end_of_text = make_stop_sequences(tokenizer)
        # Tokens of each prompt that the next step prefills.
        self.prefill_tokens = self.most_prefill_tokens

    def insert(
        self,
        prompt: Sequence[int],
        max_tokens: int,
        sampler: Sampler,
        processors: Sequence[Processor] = (),
        *,
        snapshot: CacheSnapshot | None = None,
        boundaries: Sequence[int] = (),
    ) -> int:
        """Queues a sequence and returns its uid.

        prompt: the tokens to prefill, at least one, without those of `snapshot`.
        boundaries: numbers of tokens of `prompt` after which `snapshots` can be taken.
        """
        (uid,) = self._generator.insert_segments(
            [_segments(prompt, boundaries)],
            max_tokens=[max_tokens],
            caches=[None if snapshot is None else snapshot.cache],
            all_tokens=[[] if snapshot is None else list(snapshot.tokens)],
            samplers=[sampler],
            logits_processors=[list(processors)],
            stop_sequences=[self._end_of_text],
        )
        return int(uid)

    def remove(self, uids: Sequence[int], *, snapshot: bool = False) -> dict[int, CacheSnapshot]:
        """Removes sequences in any state; the others go on unchanged.

        snapshot: returns the caches of each; those of a queued sequence are empty.
        """
        found = self._generator.remove(list(uids), return_prompt_caches=snapshot)
        return _snapshots(found)

    def snapshots(self, uids: Sequence[int]) -> dict[int, CacheSnapshot]:
        """Copies the caches of sequences that go on."""
        return _snapshots(self._generator.extract_cache(list(uids)))

    @property
    def cache_bytes(self) -> int:
        """The bytes of the caches of all sequences."""
        return int(self._generator.prompt_cache_nbytes)

    def step(self) -> Step:
        """Runs one decode step and at most one chunk of prefill."""
        self._generator.prefill_step_size = self.prefill_tokens
        prefills, tokens = self._generator.next()
        return Step(
            [
                Token(
                    r.uid,
                    r.token,
                    r.finish_reason,
                    r.logprobs,
                    snapshot=None
                    if r.prompt_cache is None
                    else CacheSnapshot(r.all_tokens, r.prompt_cache),
                )
                for r in tokens
            ],
            [
                PrefillProgress(r.uid, r.progress[0], r.end_of_segment)
                for r in prefills
                if not r.end_of_prompt
            ],
        )

    def close(self) -> None:
        """Releases what the generator took from the system (wired memory on Metal)."""
        self._generator.close()


def _segments(prompt: Sequence[int], boundaries: Sequence[int]) -> list[list[int]]:
    """Cuts a prompt at its boundaries and before its last token, from which mlx-lm decodes."""
    cuts = sorted({cut for cut in (*boundaries, len(prompt) - 1) if 0 < cut < len(prompt)})
    return [
        list(prompt[start:end]) for start, end in zip([0, *cuts], [*cuts, len(prompt)], strict=True)
    ]


def _snapshots(found: dict[int, Any]) -> dict[int, CacheSnapshot]:
    return {uid: CacheSnapshot(list(tokens), cache) for uid, (cache, tokens) in found.items()}
