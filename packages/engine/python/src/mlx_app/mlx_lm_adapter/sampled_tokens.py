"""The decoded tokens of one unbatched sequence."""

from collections.abc import Sequence
from typing import Literal

import mlx.core as mx

from .batch import Token
from .sampling import Processor, Sampler

# Tokens after which MLX gives its unused memory back, as in mlx-lm's generate_step.
CLEAR_EVERY_TOKENS = 256


class SampledTokens:
    """Samples the tokens of one sequence, and knows when it ends."""

    def __init__(
        self,
        uid: int,
        prompt: Sequence[int],
        max_tokens: int,
        sampler: Sampler,
        processors: Sequence[Processor],
        end_of_text: frozenset[int],
    ) -> None:
        self.finished = False
        # The number of tokens that may still come.
        self.remaining = max_tokens
        self._uid = uid
        self._sampler = sampler
        self._processors = processors
        self._end_of_text = end_of_text
        # What the processors have seen: all but the newest token.
        self._seen = mx.array(list(prompt[:-1]), mx.uint32)
        self._count = 0

    def sample(self, logits: mx.array, newest: mx.array) -> tuple[mx.array, mx.array]:
        """Returns a token of shape (1,), and log-probabilities of shape (vocabulary,).

        logits: of shape (1, vocabulary). newest: the last token of the text, of shape (1,).
        """
        if self._processors:
            self._seen = mx.concatenate([self._seen, newest])
            for processor in self._processors:
                logits = processor(self._seen, logits)
        logprobs = logits - mx.logsumexp(logits, axis=-1, keepdims=True)
        return self._sampler(logprobs), logprobs.squeeze(0)

    def take(self, token: mx.array, logprobs: mx.array, *, from_draft: bool = False) -> Token:
        """Waits for a sampled token and returns it."""
        value = id_of(token)
        self._count += 1
        self.remaining -= 1
        if self._count % CLEAR_EVERY_TOKENS == 0:
            mx.clear_cache()
        finish_reason: Literal["stop", "length"] | None = None
        if value in self._end_of_text:
            finish_reason = "stop"
        elif self.remaining <= 0:
            finish_reason = "length"
        self.finished = finish_reason is not None
        return Token(self._uid, value, finish_reason, logprobs, from_draft)


def id_of(token: mx.array) -> int:
    """Waits for a token and returns its id."""
    value = token.item()
    assert isinstance(value, int)
    return value
