"""The log-probability of a token, and those of its alternatives."""

import mlx.core as mx
import numpy as np

from ..mlx_lm_adapter.models import Tokenizer
from ..mlx_lm_adapter.text import token_bytes
from ..protocol import Alternative, TokenLogprob


class TokenTexts(dict[int, bytes]):
    """The bytes that each token adds to a text, found at its first use."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__()
        self._tokenizer = tokenizer

    def __missing__(self, token: int) -> bytes:
        found = self[token] = token_bytes(self._tokenizer, token)
        return found

    def name(self, token: int) -> str:
        """Returns the text of a token, or the name of one that ends the text."""
        found = self[token]
        return found.decode(errors="replace") if found else self._tokenizer.decode([token])


def token_logprob(
    logprobs: mx.array, token: int, alternatives: int, texts: TokenTexts
) -> TokenLogprob:
    """Returns one token with the given number of likeliest tokens, in falling order.

    logprobs: natural logarithms of shape (vocabulary,). Tokens that a grammar or a bias excludes
    have none and are left out.
    """
    values = np.array(logprobs.astype(mx.float32))
    count = min(alternatives, len(values))
    likeliest = np.argpartition(values, -count)[-count:] if count else np.array([], int)
    likeliest = likeliest[np.argsort(-values[likeliest], kind="stable")]
    return TokenLogprob(
        token=texts.name(token),
        bytes=list(texts[token]),
        token_id=token,
        logprob=float(values[token]) if np.isfinite(values[token]) else MIN_LOGPROB,
        top=[
            Alternative(
                token=texts.name(int(other)),
                bytes=list(texts[int(other)]),
                token_id=int(other),
                logprob=float(values[other]),
            )
            for other in likeliest
            if np.isfinite(values[other])
        ],
    )


# Stands for minus infinity, which JSON doesn't have, as in OpenAI's API.
MIN_LOGPROB = -9999.0
