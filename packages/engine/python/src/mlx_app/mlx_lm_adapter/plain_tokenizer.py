"""What lies inside of mlx-lm's wrapper around a tokenizer."""

from typing import Any

from .models import Tokenizer


def plain_tokenizer(tokenizer: Tokenizer) -> Any:  # noqa: ANN401 — transformers has no types
    """The Hugging Face tokenizer, for libraries that know only those."""
    wrapper: Any = tokenizer
    return wrapper._tokenizer


def allow_concurrent_use(tokenizer: Tokenizer) -> bool:
    """True for a tokenizer that several threads may use at once from now on.

    Those in Rust lend themselves to any number of readers, and fail when one of them changes their
    settings. transformers does so with the first text only, as long as nobody asks it to cut or
    fill texts. Those in Python keep what they have seen in places without a lock.
    """
    if not getattr(plain_tokenizer(tokenizer), "is_fast", False):
        return False
    tokenizer.encode("")
    return True
