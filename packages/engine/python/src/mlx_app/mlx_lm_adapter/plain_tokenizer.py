"""The Hugging Face tokenizer inside mlx-lm's wrapper."""

from typing import Any

from .models import Tokenizer


def plain_tokenizer(tokenizer: Tokenizer) -> Any:  # noqa: ANN401 — transformers has no types
    """Returns the Hugging Face tokenizer, for libraries that need it."""
    wrapper: Any = tokenizer
    return wrapper._tokenizer


def allow_concurrent_use(tokenizer: Tokenizer) -> bool:
    """Prepares a tokenizer for use on several threads; returns False if that can't be.

    Tokenizers in Rust allow any number of readers, but fail when one of them changes settings.
    transformers changes settings with the first text only, unless it must truncate or pad. Those in
    Python have caches without a lock.
    """
    if not getattr(plain_tokenizer(tokenizer), "is_fast", False):
        return False
    tokenizer.encode("")
    return True
