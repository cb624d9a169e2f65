"""What lies inside of mlx-lm's wrapper around a tokenizer."""

from typing import Any

from .models import Tokenizer


def plain_tokenizer(tokenizer: Tokenizer) -> Any:  # noqa: ANN401 — transformers has no types
    """The Hugging Face tokenizer, for libraries that know only those."""
    wrapper: Any = tokenizer
    return wrapper._tokenizer
