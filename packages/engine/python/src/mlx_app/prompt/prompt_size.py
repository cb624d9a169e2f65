"""The size of a prompt, before all of it is tokenised."""

from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.json import Encoder

_encoder = Encoder()

# Tokenised in some milliseconds.
PIECE = 8192
# A cut through a text can split words, which gives a few more tokens.
SLACK = 64


def request_bytes(request: Struct) -> int:
    """Returns the bytes of a request, which are at least as many as the characters of its texts."""
    return len(_encoder.encode(request))


def is_surely_longer(text: str, most: int, encode: Callable[[str], Sequence[int]]) -> bool:
    """Whether a text has more than `most` tokens, tokenised only as far as needed.

    Returns False near the limit, where that isn't certain, and for short texts, which are tokenised
    quickly anyway.
    """
    if len(text) <= max(2 * most, PIECE):
        return False
    found = 0
    for start in range(0, len(text), PIECE):
        found += max(0, len(encode(text[start : start + PIECE])) - SLACK)
        if found > most:
            return True
    return False
