"""Continuous batching."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import mlx.core as mx
import mlx.nn as nn
from mlx_lm.generate import BatchGenerator, make_stop_sequences

from .models import Tokenizer
from .sampling import Processor, Sampler


@dataclass(frozen=True)
class Token:
    """One decoded token of one sequence. `finish_reason` is set on its last one."""

    uid: int
    token: int
    finish_reason: Literal["stop", "length"] | None


class Batch:
    """Continuous batching over one model: sequences come and go between steps.

    Must be used on one thread only, the one that read the model.
    """

    # Sequences that decode together. More of them wait in the order of their insertion.
    size = 32
    # Tokens of a prompt that are read in one step, so that running streams get theirs in between.
    prefill_tokens = 512

    def __init__(self, model: nn.Module, tokenizer: Tokenizer) -> None:
        self._generator = BatchGenerator(
            model,
            completion_batch_size=self.size,
            prefill_batch_size=8,
            prefill_step_size=self.prefill_tokens,
            stream=mx.default_stream(mx.default_device()),
        )
        self._end_of_text = make_stop_sequences(tokenizer)

    def insert(
        self,
        prompt: list[int],
        max_tokens: int,
        sampler: Sampler,
        processors: Sequence[Processor] = (),
    ) -> int:
        """Queues a sequence and gives its uid. The prompt has at least one token."""
        (uid,) = self._generator.insert(
            [prompt],
            max_tokens=[max_tokens],
            samplers=[sampler],
            logits_processors=[list(processors)],
            stop_sequences=[self._end_of_text],
        )
        return int(uid)

    def remove(self, uids: Sequence[int]) -> None:
        """Drops sequences in any state; the others go on unchanged."""
        self._generator.remove(list(uids))

    def step(self) -> list[Token]:
        """One decode step and at most one chunk of prefill: the new tokens."""
        _, responses = self._generator.next()
        return [Token(r.uid, r.token, r.finish_reason) for r in responses]

    def close(self) -> None:
        """Gives back what the generator asked of the system (wired memory on Metal)."""
        self._generator.close()
