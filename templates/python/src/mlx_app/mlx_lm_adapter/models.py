"""Reading a model and its tokenizer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import mlx.nn as nn
from mlx_lm.utils import load_model, load_tokenizer


class Detokenizer(Protocol):
    """Turns tokens into text as they come; a character comes with the last of its bytes."""

    @property
    def last_segment(self) -> str:
        """The text that is new since the last look."""
        ...

    def add_token(self, token: int) -> None: ...

    def finalize(self) -> None: ...


class Tokenizer(Protocol):
    """What is used of mlx-lm's wrapper around a Hugging Face tokenizer."""

    @property
    def detokenizer(self) -> Detokenizer:
        """A new one with each look."""
        ...

    @property
    def eos_token_ids(self) -> set[int]:
        """Tokens that end a text."""
        ...

    def encode(self, text: str, /, *, add_special_tokens: bool = True) -> list[int]: ...

    def apply_chat_template(
        self,
        messages: list[dict[str, Any]],
        /,
        *,
        add_generation_prompt: bool,
        **options: Any,  # noqa: ANN401 — whatever the template of the model knows
    ) -> list[int]: ...

    def decode(self, tokens: Sequence[int], /) -> str: ...

    def __len__(self) -> int: ...


def read_model(path: Path) -> tuple[nn.Module, dict[str, Any]]:
    """The model, its weights not in memory yet, and its config. Runs no code of the model."""
    model, config = load_model(path, lazy=True, trust_remote_code=False)
    return model, config


def read_tokenizer(path: Path, config: dict[str, Any]) -> Tokenizer:
    """The tokenizer with the end-of-text tokens that the model's config names."""
    tokenizer: Tokenizer = load_tokenizer(path, eos_token_ids=config.get("eos_token_id"))
    return tokenizer
