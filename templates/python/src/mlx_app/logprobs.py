"""How likely a token was, and what could have stood in its place."""

import mlx.core as mx
import numpy as np

from .mlx_lm_adapter.models import Tokenizer
from .protocol import Alternative, TokenLogprob


def describe(
    logprobs: mx.array, token: int, alternatives: int, tokenizer: Tokenizer
) -> TokenLogprob:
    """One token of a text, with so many of the likeliest tokens in falling order.

    logprobs: natural logarithms of shape (vocabulary,). Tokens that a grammar or a bias left out
    have none and are not named.
    """
    values = np.array(logprobs.astype(mx.float32))
    count = min(alternatives, len(values))
    likeliest = np.argpartition(-values, range(count))[:count] if count else np.array([], int)
    return TokenLogprob(
        token=tokenizer.decode([token]),
        token_id=token,
        logprob=float(values[token]) if np.isfinite(values[token]) else LEAST,
        top=[
            Alternative(
                token=tokenizer.decode([int(other)]),
                token_id=int(other),
                logprob=float(values[other]),
            )
            for other in likeliest
            if np.isfinite(values[other])
        ],
    )


# Stands for minus infinity, which JSON can't say; as in OpenAI's API.
LEAST = -9999.0
