"""The sampler and the logits processors of a request."""

import secrets
from collections.abc import Callable, Sequence
from typing import NamedTuple

import mlx.core as mx

from ..errors import EngineError
from ..mlx_lm_adapter.sampling import (
    Processor,
    Sampler,
    greedy,
    keep_min_p,
    keep_top_k,
    keep_top_p,
    penalties,
)
from ..protocol import Generate

# Takes log-probabilities and a key for random numbers; returns the log-probabilities that are left.
Filter = Callable[[mx.array, mx.array], mx.array]


class Sampling(NamedTuple):
    """The options of sampling, with the defaults of the library.

    A call that sets none, of a model that has none, always takes the likeliest token.
    """

    temperature: float = 0
    top_p: float = 1
    top_k: int = 0
    min_p: float = 0
    xtc_probability: float = 0
    xtc_threshold: float = 0.1
    repetition_penalty: float = 1
    repetition_context: int = 20
    presence_penalty: float = 0
    presence_context: int = 20
    frequency_penalty: float = 0
    frequency_context: int = 20

    @classmethod
    def of(cls, request: Generate) -> "Sampling":
        """Returns the options of a request."""
        given = {name: getattr(request, name) for name in cls._fields}
        return cls(**{name: value for name, value in given.items() if value is not None})


def check_tokens(request: Generate, vocabulary: int) -> None:
    """Refuses biases for unknown tokens, with which MLX would write beyond its memory.

    Raises EngineError INVALID_REQUEST.
    """
    for token in request.logit_bias:
        if int(token) >= vocabulary:
            raise EngineError(
                "INVALID_REQUEST",
                f"logitBias names token {token}; the model has {vocabulary}, from 0.",
            )


def make_processors(request: Generate) -> list[Processor]:
    """Returns the logits processors of one sequence: penalties and biases."""
    sampling = Sampling.of(request)
    return penalties(
        logit_bias={int(token): bias for token, bias in request.logit_bias.items()},
        repetition=(sampling.repetition_penalty, sampling.repetition_context),
        presence=(sampling.presence_penalty, sampling.presence_context),
        frequency=(sampling.frequency_penalty, sampling.frequency_context),
    )


def make_sampler(
    request: Generate, vocabulary: int, never_left_out: Sequence[int] = (), index: int = 0
) -> Sampler:
    """Returns the sampler of one sequence.

    `never_left_out`: tokens that XTC never excludes, such as the end of the text. `index`: which of
    the request's `n` sequences it is; each has its own seed.

    At temperature 0 all sequences share one object, which lets mlx-lm sample the batch at once.
    Otherwise each has its own random numbers, so that a seed gives the same text alone and in any
    batch.
    """
    sampling = Sampling.of(request)
    if sampling.temperature == 0:
        return greedy
    filters = _filters(sampling, vocabulary, never_left_out)
    scale = 1 / sampling.temperature
    seed = secrets.randbits(32) if request.seed is None else request.seed
    key = mx.random.key((seed + index) % 2**32)

    def sample(logprobs: mx.array, /) -> mx.array:
        nonlocal key
        key, now, chance = mx.random.split(key, 3)
        for keep_likely in filters:
            logprobs = keep_likely(logprobs, chance)
        return mx.random.categorical(logprobs * scale, key=now)

    return sample


def _filters(sampling: Sampling, vocabulary: int, never_left_out: Sequence[int]) -> list[Filter]:
    filters: list[Filter] = []
    if sampling.top_p < 1:
        filters.append(lambda logprobs, _: keep_top_p(logprobs, sampling.top_p))
    if sampling.min_p > 0:
        filters.append(lambda logprobs, _: keep_min_p(logprobs, sampling.min_p))
    if sampling.xtc_probability > 0:
        filters.append(
            lambda logprobs, key: _leave_out_top(logprobs, key, sampling, never_left_out)
        )
    # mlx-lm refuses a top_k of all tokens or more.
    if 0 < sampling.top_k < vocabulary:
        filters.append(lambda logprobs, _: keep_top_k(logprobs, sampling.top_k))
    return filters


def _leave_out_top(
    logprobs: mx.array, key: mx.array, sampling: Sampling, never_left_out: Sequence[int]
) -> mx.array:
    """Exclude Top Choices: with some chance, excludes all likely tokens but the least likely one.

    The method is p-e-w's (https://github.com/oobabooga/text-generation-webui/pull/6335). mlx-lm's
    version uses random numbers that all sequences share, which no seed could repeat.
    """
    probabilities = mx.softmax(logprobs, axis=-1)
    likely = probabilities > sampling.xtc_threshold
    least = mx.where(likely, probabilities, mx.inf).min(axis=-1, keepdims=True)
    left_out = likely & (probabilities > least)
    if never_left_out:
        left_out[..., mx.array(list(never_left_out))] = False
    left_out = left_out & (mx.random.uniform(key=key) < sampling.xtc_probability)
    return mx.where(left_out, -mx.inf, logprobs)
