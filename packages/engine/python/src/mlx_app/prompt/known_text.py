"""The tokens of a chat's text, with the answers in it as the model generated them.

A text has many encodings, and a model doesn't always generate the one that its tokenizer would
choose. The next prompt of a chat contains an answer as text. Encoded anew, it could not use what is
cached behind the first token that differs. So a cached answer is recognised by its text, and the
prompt gets the tokens that are cached.

The answer to such a prompt is exactly the one that the same tokens get without a cache. A call
without the prompt cache takes the tokenizer's tokens, as does a worker that never saw the chat.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from ..mlx_lm_adapter.models import Tokenizer
from ..mlx_lm_adapter.text import added_tokens

# The characters and the tokens up to the end of each answer, ascending.
Ends = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class KnownText:
    """The text of a prompt with its answer, and the tokens of both.

    `ends` are those of the answers in it.
    """

    text: str
    tokens: npt.NDArray[np.int64]
    ends: Ends


@dataclass(frozen=True)
class Encoding:
    """Encodes the texts of one chat, with the tokens of the answers that are known."""

    tokenizer: Tokenizer
    known: KnownText | None = None
    _added: frozenset[int] = field(default_factory=frozenset)

    def encode(self, text: str) -> tuple[list[int], Ends]:
        """Returns the tokens of a text that a chat template has rendered.

        Also returns the ends of the known answers in it.
        """
        if self.known is not None:
            ends = self.known.ends[: _answers(self.known, text)]
            while ends:
                characters, count = ends[-1]
                rest = self.tokenizer.encode(text[characters:], add_special_tokens=False)
                # Text that follows other text directly may be encoded otherwise than by itself.
                if rest and rest[0] in self._added:
                    return [*self.known.tokens[:count].tolist(), *rest], ends
                ends = ends[:-1]
        return self.tokenizer.encode(text, add_special_tokens=False), ()


def encoding_of(tokenizer: Tokenizer, text: str, known_texts: Sequence[KnownText]) -> Encoding:
    """Returns the encoding of a chat by the known text that has most of it."""
    found: KnownText | None = None
    most = 0
    for known in known_texts:
        answers = _answers(known, text)
        if answers and known.ends[answers - 1][0] > most:
            found, most = known, known.ends[answers - 1][0]
    if found is None:
        return Encoding(tokenizer)
    return Encoding(tokenizer, found, added_tokens(tokenizer))


def known_text(text: str, tokens: Sequence[int], ends: Ends) -> KnownText:
    """Returns what is known of a prompt with its answer, by the `ends` in the prompt.

    The tokens don't include the one that ended the answer, which has no text.
    """
    return KnownText(text, np.asarray(tokens, np.int64), (*ends, (len(text), len(tokens))))


def _answers(known: KnownText, text: str) -> int:
    """Returns with how many of the known answers a text begins."""
    low, high = 0, len(known.ends)
    while low < high:
        middle = (low + high + 1) // 2
        if text.startswith(known.text[: known.ends[middle - 1][0]]):
            low = middle
        else:
            high = middle - 1
    return low
