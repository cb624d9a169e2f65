"""A model that writes text, with its tokenizer."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn
from mlx.utils import tree_flatten

from ..decoding.logprobs import TokenTexts
from ..errors import EngineError, from_exception
from ..mlx_lm_adapter.caches import unbatchable_cache
from ..mlx_lm_adapter.models import Tokenizer, add_adapter, read_model, read_tokenizer
from ..mlx_lm_adapter.text import letter_token
from .adapters import WEIGHTS, check_adapter, corrupt_adapter
from .tensor_files import check_length, check_safetensors, corrupt_model

# Weights that are brought into memory at once; between two pieces the running streams get a step.
PIECE_BYTES = 256 * 1024 * 1024


@dataclass
class TextModel:
    """A model whose files were read; `weights()` brings the weights into memory."""

    path: Path
    network: nn.Module
    tokenizer: Tokenizer
    config: dict[str, Any]
    adapter: Path | None = None
    # The context that the settings give it, instead of the one of its config.
    context_limit: int | None = None
    total_bytes: int = field(init=False)
    # The token of a letter. Other threads may use the tokenizer once the model is loaded.
    letter: int | None = field(init=False)

    def __post_init__(self) -> None:
        self.letter = letter_token(self.tokenizer)
        self._count_bytes()

    def weights(self) -> Iterator[int]:
        """Brings the weights into memory; yields the bytes that are there after each piece."""
        loaded = 0
        piece: list[mx.array] = []
        size = 0
        for weight in _arrays(self.network):
            piece.append(weight)
            size += weight.nbytes
            if size >= PIECE_BYTES:
                mx.eval(piece)
                loaded += size
                yield loaded
                piece, size = [], 0
        mx.eval(piece)
        yield loaded + size

    def convert_to_float32(self) -> None:
        """Converts all weights that are not packed, before they are in memory."""
        self.network.set_dtype(mx.float32)
        self._count_bytes()

    def _count_bytes(self) -> None:
        self.total_bytes = sum(weight.nbytes for weight in _arrays(self.network))

    @property
    def batchable(self) -> bool:
        """Whether several sequences can be decoded together."""
        return unbatchable_cache(self.network) is None

    @property
    def context_tokens(self) -> int | None:
        """The most tokens of prompt and answer: what its settings say, or its config."""
        if self.context_limit is not None:
            return self.context_limit
        for config in (self.config, self.config.get("text_config") or {}):
            tokens = config.get("max_position_embeddings")
            if isinstance(tokens, int) and tokens > 0:
                return tokens
        return None

    @property
    def vocabulary(self) -> int:
        """The number of token ids that the model gives probabilities for."""
        for config in (self.config, self.config.get("text_config") or {}):
            size = config.get("vocab_size")
            if isinstance(size, int):
                return size
        return len(self.tokenizer)

    @cached_property
    def token_texts(self) -> TokenTexts:
        """The text of each token by itself."""
        return TokenTexts(self.tokenizer)

    @cached_property
    def vocabulary_hash(self) -> int:
        """A hash that is equal for models whose tokenizers give each token the same id.

        The first access takes some tenths of a second for 150,000 tokens.
        """
        return hash(frozenset(self.tokenizer.get_vocab().items()))

    @property
    def xtc_exceptions(self) -> list[int]:
        """The tokens that XTC never excludes, as in mlx-lm: line breaks and the end of the text."""
        return [
            *self.tokenizer.encode("\n", add_special_tokens=False),
            *self.tokenizer.eos_token_ids,
        ]


def read_text_model(path: Path, adapter: Path | None = None) -> TextModel:
    """Reads config, tokenizer and headers of the weights, on the thread that will use the model.

    `adapter`: the folder of a LoRA adapter to apply to the weights. Raises EngineError
    MODEL_CORRUPT for damaged files or an adapter of another model, MODEL_NOT_FOUND for a folder
    without an adapter, UNSUPPORTED for a model that mlx-lm has no code for.
    """
    for file in sorted(path.glob("model*.safetensors")):
        check_safetensors(file)
    try:
        network, config = read_model(path)
        tokenizer = read_tokenizer(path, config)
    except Exception as error:
        raise _read_error(path, error) from error
    if adapter is not None:
        _apply_adapter(network, adapter)
    return TextModel(path, network, tokenizer, config, adapter)


def _apply_adapter(network: nn.Module, adapter: Path) -> None:
    check_adapter(adapter)
    try:
        check_length(adapter / WEIGHTS)
        add_adapter(network, adapter)
    except Exception as error:
        known = from_exception(error, f"reading {adapter}")
        if known.code == "OUT_OF_MEMORY":
            raise known from error
        reason = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        raise corrupt_adapter(adapter, reason) from error


def _arrays(network: nn.Module) -> Iterator[mx.array]:
    leaves: Any = tree_flatten(network.parameters())  # type: ignore[no-untyped-call]
    for _, leaf in leaves:
        yield leaf


def _read_error(path: Path, error: Exception) -> EngineError:
    text = str(error)
    if "not supported" in text or "custom module" in text:
        return EngineError("UNSUPPORTED", f"mlx-lm can't run the model in {path}: {text}")
    known = from_exception(error, f"reading {path}")
    if known.code == "OUT_OF_MEMORY":
        return known
    return corrupt_model(path, f"{type(error).__name__}: {text}")
