"""mlx-lm's filters and penalties for sampling."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import mlx.core as mx
from mlx_lm import sample_utils


class Sampler(Protocol):
    """Takes log-probabilities of shape (batch, vocabulary); returns token ids of shape (batch,)."""

    def __call__(self, logprobs: mx.array, /) -> mx.array: ...


class Processor(Protocol):
    """Takes the tokens so far and logits of shape (1, vocabulary); returns new logits."""

    def __call__(self, tokens: mx.array, logits: mx.array, /) -> mx.array: ...


# The likeliest token. All sequences of a batch that use this object are sampled at once.
greedy: Sampler = sample_utils.greedy_sampler


@contextmanager
def _eager() -> Iterator[None]:
    """Turns compilation off, since mlx-lm's filters are compiled for each value of their option.

    On the CPU, that runs the C++ compiler: a second in which no call gets a token.
    """
    mx.disable_compile()
    try:
        yield
    finally:
        mx.enable_compile()


def keep_top_p(logprobs: mx.array, top_p: float) -> mx.array:
    """Keeps the likeliest tokens that together have the probability `top_p`."""
    with _eager():
        kept: mx.array = sample_utils.apply_top_p(logprobs, top_p)
    return kept


def keep_min_p(logprobs: mx.array, min_p: float) -> mx.array:
    """Keeps the tokens that have at least `min_p` of the likeliest one's probability."""
    with _eager():
        kept: mx.array = sample_utils.apply_min_p(logprobs, min_p)
    return kept


def keep_top_k(logprobs: mx.array, top_k: int) -> mx.array:
    """Keeps the `top_k` likeliest tokens; `top_k` must be below the size of the vocabulary."""
    with _eager():
        kept: mx.array = sample_utils.apply_top_k(logprobs, top_k)
    return kept


def penalties(
    *,
    logit_bias: dict[int, float],
    repetition: tuple[float, int],
    presence: tuple[float, int],
    frequency: tuple[float, int],
) -> list[Processor]:
    """Returns logits processors; a penalty is its size and how many last tokens it applies to."""
    # mlx-lm leaves a penalty out if it is None or 0; dividing by 1 changes nothing.
    processors: list[Processor] = sample_utils.make_logits_processors(
        logit_bias=logit_bias or None,
        repetition_penalty=None if repetition[0] == 1 else repetition[0],
        repetition_context_size=repetition[1],
        presence_penalty=presence[0],
        presence_context_size=presence[1],
        frequency_penalty=frequency[0],
        frequency_context_size=frequency[1],
    )
    return processors
