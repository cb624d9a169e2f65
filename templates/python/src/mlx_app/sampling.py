"""From log-probabilities to a token."""

import secrets
from collections.abc import Callable

import mlx.core as mx

from .mlx_lm_adapter import Sampler, greedy, keep_min_p, keep_top_k, keep_top_p
from .protocol import Generate

Filter = Callable[[mx.array], mx.array]


def make_sampler(request: Generate, vocabulary: int) -> Sampler:
    """The sampler of one sequence.

    At temperature 0 all sequences share one object, which lets mlx-lm sample the batch in one go.
    Otherwise each has random numbers of its own, so that a seed gives the same text alone and in
    any batch.
    """
    if request.temperature == 0:
        return greedy
    filters = _filters(request, vocabulary)
    scale = 1 / request.temperature
    seed = secrets.randbits(32) if request.seed is None else request.seed
    key = mx.random.key(seed)

    def sample(logprobs: mx.array, /) -> mx.array:
        nonlocal key
        for keep_likely in filters:
            logprobs = keep_likely(logprobs)
        key, now = mx.random.split(key)
        return mx.random.categorical(logprobs * scale, key=now)

    return sample


def _filters(request: Generate, vocabulary: int) -> list[Filter]:
    filters: list[Filter] = []
    if request.top_p < 1:
        filters.append(lambda logprobs: keep_top_p(logprobs, request.top_p))
    if request.min_p > 0:
        filters.append(lambda logprobs: keep_min_p(logprobs, request.min_p))
    # All tokens or more is no choice; mlx-lm refuses it.
    if 0 < request.top_k < vocabulary:
        filters.append(lambda logprobs: keep_top_k(logprobs, request.top_k))
    return filters
