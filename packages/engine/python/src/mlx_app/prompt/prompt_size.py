"""How long a prompt is, before all of it is tokenised."""

from collections.abc import Callable, Sequence

from msgspec import Struct
from msgspec.json import Encoder

_encoder = Encoder()

# Tokenised in some milliseconds.
PIECE = 8192
# A cut through a text can split words, which makes a few tokens more than there are.
SLACK = 64


def size_of(request: Struct) -> int:
    """Bytes of a request: there are no more characters in its texts."""
    return len(_encoder.encode(request))


def is_surely_longer(text: str, most: int, encode: Callable[[str], Sequence[int]]) -> bool:
    """Whether a text has more than `most` tokens, looked at only as far as it takes to say so.

    False where it isn't sure: near the limit, or for so few characters that all of them are
    tokenised quickly.
    """
    if len(text) <= max(2 * most, PIECE):
        return False
    found = 0
    for start in range(0, len(text), PIECE):
        found += max(0, len(encode(text[start : start + PIECE])) - SLACK)
        if found > most:
            return True
    return False
