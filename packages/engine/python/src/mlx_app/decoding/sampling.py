"""The sampler and the logits processors of a request."""

import secrets
from collections.abc import Callable, Sequence

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
    return penalties(
        logit_bias={int(token): bias for token, bias in request.logit_bias.items()},
        repetition=(request.repetition_penalty, request.repetition_context),
        presence=(request.presence_penalty, request.presence_context),
        frequency=(request.frequency_penalty, request.frequency_context),
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
    if request.temperature == 0:
        return greedy
    filters = _filters(request, vocabulary, never_left_out)
    scale = 1 / request.temperature
    seed = secrets.randbits(32) if request.seed is None else request.seed
    key = mx.random.key((seed + index) % 2**32)

    def sample(logprobs: mx.array, /) -> mx.array:
        nonlocal key
        key, now, chance = mx.random.split(key, 3)
        for keep_likely in filters:
            logprobs = keep_likely(logprobs, chance)
        return mx.random.categorical(logprobs * scale, key=now)

    return sample


def _filters(request: Generate, vocabulary: int, never_left_out: Sequence[int]) -> list[Filter]:
    filters: list[Filter] = []
    if request.top_p < 1:
        filters.append(lambda logprobs, _: keep_top_p(logprobs, request.top_p))
    if request.min_p > 0:
        filters.append(lambda logprobs, _: keep_min_p(logprobs, request.min_p))
    if request.xtc_probability > 0:
        filters.append(lambda logprobs, key: _leave_out_top(logprobs, key, request, never_left_out))
    # mlx-lm refuses a top_k of all tokens or more.
    if 0 < request.top_k < vocabulary:
        filters.append(lambda logprobs, _: keep_top_k(logprobs, request.top_k))
    return filters


def _leave_out_top(
    logprobs: mx.array, key: mx.array, request: Generate, never_left_out: Sequence[int]
) -> mx.array:
    """Exclude Top Choices: with some chance, excludes all likely tokens but the least likely one.

    The method is p-e-w's (https://github.com/oobabooga/text-generation-webui/pull/6335). mlx-lm's
    version uses random numbers that all sequences share, which no seed could repeat.
    """
    probabilities = mx.softmax(logprobs, axis=-1)
    likely = probabilities > request.xtc_threshold
    least = mx.where(likely, probabilities, mx.inf).min(axis=-1, keepdims=True)
    left_out = likely & (probabilities > least)
    if never_left_out:
        left_out[..., mx.array(list(never_left_out))] = False
    left_out = left_out & (mx.random.uniform(key=key) < request.xtc_probability)
    return mx.where(left_out, -mx.inf, logprobs)
