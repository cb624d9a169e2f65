"""Keeps the failure of one call's sampling from the other calls of its batch."""

import mlx.core as mx

from ...mlx_lm_adapter.sampling import Processor, Sampler, greedy
from .sequence import SequenceState


def guarded_sampler(sampler: Sampler, sequence: SequenceState) -> Sampler:
    """Returns a sampler that notes what it raises in its sequence, and goes on greedily.

    Without it, one exception would end every call of the batch.
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


def guarded_processor(processor: Processor, sequence: SequenceState) -> Processor:
    """Returns a processor that notes what it raises, and then leaves the logits alone."""

    def process(tokens: mx.array, logits: mx.array, /) -> mx.array:
        try:
            return processor(tokens, logits)
        except Exception as error:  # whatever it is, it belongs to this call
            sequence.error = error
            return logits

    return process
