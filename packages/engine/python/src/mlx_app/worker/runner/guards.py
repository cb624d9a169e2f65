"""Keeping what one call does wrong from the others of its batch."""

import mlx.core as mx

from ...mlx_lm_adapter.sampling import Processor, Sampler, greedy
from .sequence import Sequence


def guarded_sampler(sampler: Sampler, sequence: Sequence) -> Sampler:
    """A sampler whose failure is that of its own call: without this it would end everyone's
    batch.
    """
    if sampler is greedy:
        return sampler

    def sample(logprobs: mx.array, /) -> mx.array:
        try:
            return sampler(logprobs)
        except Exception as error:  # whatever it is, it belongs to this call
            sequence.error = error
            return greedy(logprobs)

    return sample


def guarded_processor(processor: Processor, sequence: Sequence) -> Processor:
    """The same for a processor: the logits stay as they were, and the call fails after the step."""

    def process(tokens: mx.array, logits: mx.array, /) -> mx.array:
        try:
            return processor(tokens, logits)
        except Exception as error:  # whatever it is, it belongs to this call
            sequence.error = error
            return logits

    return process
