"""Reading a model and its tokenizer."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, cast, overload

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_flatten
from mlx_lm import utils
from mlx_lm.utils import load_model, load_tokenizer, maybe_set_recommended_wired_limit

from .. import literal_glob

# load_model looks for weights with it.
utils.glob = literal_glob  # pyright: ignore[reportPrivateImportUsage]


class Detokenizer(Protocol):
    """Turns tokens into text one by one; a character comes with the last of its bytes."""

    @property
    def last_segment(self) -> str:
        """The text since the last access."""
        ...

    def add_token(self, token: int) -> None: ...

    def finalize(self) -> None: ...


class Tokenizer(Protocol):
    """The parts in use of mlx-lm's wrapper around a Hugging Face tokenizer."""

    @property
    def detokenizer(self) -> Detokenizer:
        """A new detokenizer with each access."""
        ...

    @property
    def eos_token_ids(self) -> set[int]:
        """The tokens that end a text."""
        ...

    def encode(self, text: str, /, *, add_special_tokens: bool = True) -> list[int]: ...

    @overload
    def apply_chat_template(
        self,
        messages: list[dict[str, Any]],
        /,
        *,
        tokenize: Literal[False],
        add_generation_prompt: bool,
        **options: Any,  # noqa: ANN401 — any option of the model's template
    ) -> str: ...

    @overload
    def apply_chat_template(
        self,
        messages: list[dict[str, Any]],
        /,
        *,
        tokenize: Literal[True] = True,
        add_generation_prompt: bool,
        **options: Any,  # noqa: ANN401 — any option of the model's template
    ) -> list[int]: ...

    def decode(self, tokens: Sequence[int], /) -> str: ...

    def get_vocab(self) -> dict[str, int]:
        """Returns the id of each token."""
        ...

    def __len__(self) -> int: ...


def wire_memory() -> None:
    """Lets MLX wire the memory of models for a GPU (Metal), as long as the process runs.

    The limit that mlx-lm sets for each batch then changes nothing.
    """
    maybe_set_recommended_wired_limit()


def read_model(path: Path) -> tuple[nn.Module, dict[str, Any]]:
    """Returns a model whose weights are not in memory yet, and its config. Runs no code of it."""
    model, config = load_model(path, lazy=True, trust_remote_code=False)
    return model, config


def add_adapter(model: nn.Module, folder: Path) -> None:
    """Applies an adapter in mlx-lm's own format to a model.

    Raises ValueError if it was made for another model.
    """
    # Imported late: it imports a library for tables and colours that only training needs.
    from mlx_lm.tuner.utils import load_adapters

    load_adapters(model, str(folder))
    # Without this, the layers of the adapter would drop values at random (dropout).
    model.eval()
    # mlx-lm refuses tensors that the model has no place for, but not places without a tensor.
    made: Any = tree_flatten(model.parameters())  # type: ignore[no-untyped-call]
    places = {name for name, _ in made if name.rsplit(".", 1)[-1] in {"lora_a", "lora_b", "m"}}
    found: Any = mx.load(str(folder / "adapters.safetensors"))
    missing = sorted(places - set(found))
    if missing:
        raise ValueError(f"it lacks {len(missing)} of {len(places)} tensors, such as {missing[0]}")


def read_tokenizer(path: Path, config: dict[str, Any]) -> Tokenizer:
    """Returns the tokenizer with the end-of-text tokens of the model's config."""
    return cast("Tokenizer", load_tokenizer(path, eos_token_ids=config.get("eos_token_id")))
