"""How likely a token was, and what could have stood in its place."""

import mlx.core as mx
import numpy as np

from ..mlx_lm_adapter.models import Tokenizer
from ..protocol import Alternative, TokenLogprob


class TokenTexts(dict[int, str]):
    """The text of each token by itself, decoded when it is first asked for."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        super().__init__()
        self._tokenizer = tokenizer

    def __missing__(self, token: int) -> str:
        text = self[token] = self._tokenizer.decode([token])
        return text


def describe(logprobs: mx.array, token: int, alternatives: int, texts: TokenTexts) -> TokenLogprob:
    """One token of a text, with so many of the likeliest tokens in falling order.

    logprobs: natural logarithms of shape (vocabulary,). Tokens that a grammar or a bias left out
    have none and are not named.
    """
    values = np.array(logprobs.astype(mx.float32))
    count = min(alternatives, len(values))
    likeliest = np.argpartition(values, -count)[-count:] if count else np.array([], int)
    likeliest = likeliest[np.argsort(-values[likeliest], kind="stable")]
    return TokenLogprob(
        token=texts[token],
        token_id=token,
        logprob=float(values[token]) if np.isfinite(values[token]) else LEAST,
        top=[
            Alternative(
                token=texts[int(other)],
                token_id=int(other),
                logprob=float(values[other]),
            )
            for other in likeliest
            if np.isfinite(values[other])
        ],
    )


# Stands for minus infinity, which JSON can't say; as in OpenAI's API.
LEAST = -9999.0
