"""Log-probabilities in the format of the API."""

from collections.abc import Sequence
from typing import Any

from ...protocol import Alternative, TokenLogprob

# The replacement character, which stands for incomplete UTF-8.
_REPLACEMENT = "\ufffd"


def to_logprobs(entries: Sequence[TokenLogprob]) -> dict[str, Any]:
    """Returns log-probabilities as chat completions have them."""
    content = [
        {**_entry(entry), "top_logprobs": [_entry(other) for other in entry.top]}
        for entry in entries
    ]
    return {"content": content, "refusal": None}


def to_text_logprobs(entries: Sequence[TokenLogprob], offset: int) -> dict[str, Any]:
    """Returns log-probabilities as completions have them.

    `offset` is the number of characters in earlier tokens.
    """
    offsets = []
    for entry in entries:
        offsets.append(offset)
        offset += len(entry.token)
    return {
        "tokens": [entry.token for entry in entries],
        "token_logprobs": [entry.logprob for entry in entries],
        "top_logprobs": [{other.token: other.logprob for other in entry.top} for entry in entries],
        "text_offset": offsets,
    }


def _entry(entry: TokenLogprob | Alternative) -> dict[str, Any]:
    whole = _REPLACEMENT not in entry.token
    return {
        "token": entry.token,
        "id": entry.token_id,
        "logprob": entry.logprob,
        "bytes": list(entry.token.encode()) if whole else None,
    }
