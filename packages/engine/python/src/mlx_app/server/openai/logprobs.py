"""Log-probabilities in the format of the API."""

from codecs import getincrementaldecoder
from collections.abc import Sequence
from typing import Any

from ...protocol import Alternative, TokenLogprob


def to_logprobs(entries: Sequence[TokenLogprob]) -> dict[str, Any]:
    """Returns log-probabilities as chat completions have them."""
    content = [
        {**_entry(entry), "top_logprobs": [_entry(other) for other in entry.top]}
        for entry in entries
    ]
    return {"content": content, "refusal": None}


class CharacterCounter:
    """Counts the characters of a text whose tokens arrive one by one."""

    def __init__(self) -> None:
        # A character may take several tokens.
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._characters = 0

    def add(self, token: Sequence[int]) -> int:
        """Returns the number of characters that were complete before a token."""
        before = self._characters
        self._characters += len(self._decoder.decode(bytes(token)))
        return before


def to_text_logprobs(entries: Sequence[TokenLogprob], counter: CharacterCounter) -> dict[str, Any]:
    """Returns log-probabilities as completions have them.

    `counter` has counted the characters of earlier tokens.
    """
    return {
        "tokens": [_text(entry) for entry in entries],
        "token_logprobs": [entry.logprob for entry in entries],
        "top_logprobs": [{_text(other): other.logprob for other in entry.top} for entry in entries],
        "text_offset": [counter.add(entry.bytes) for entry in entries],
    }


def _text(entry: TokenLogprob | Alternative) -> str:
    """Returns the text of a token, and for a part of a character its bytes as OpenAI writes them.

    Such a token is `bytes:\\xf0\\x9f`.
    """
    try:
        bytes(entry.bytes).decode()
    except UnicodeDecodeError:
        return "bytes:" + "".join(f"\\x{byte:02x}" for byte in entry.bytes)
    return entry.token


def _entry(entry: TokenLogprob | Alternative) -> dict[str, Any]:
    return {
        "token": entry.token,
        "id": entry.token_id,
        "logprob": entry.logprob,
        "bytes": entry.bytes,
    }
