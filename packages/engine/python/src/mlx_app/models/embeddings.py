"""Texts to vectors of length 1."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import mlx.core as mx
import mlx.nn as nn

from ..errors import EngineError
from ..mlx_lm_adapter.models import read_model
from ..optional_packages import has_vision, missing_vision_error
from .reading import read_files
from .text_model import TextModel

# Tokens of one piece, including padding; a longer text is a piece of its own.
PIECE_TOKENS = 2048
# Causal families whose last token stands for the whole text. They run on mlx-lm alone.
_LAST_TOKEN = ("qwen3",)
# Architectures that are only for embeddings.
_ENCODERS = ("BertModel", "XLMRobertaModel", "ModernBertModel", "LlamaBidirectionalModel")

# Takes token ids and their mask, both of shape (batch, tokens); returns (batch, dimensions).
Encode = Callable[[mx.array, mx.array], mx.array]


def is_embedding_model(path: Path, config: dict[str, Any]) -> bool:
    """Whether a model makes embeddings and no text.

    Decided by its architecture, by the files of sentence-transformers, or by the name of its
    folder, which is all that some conversions leave.
    """
    if (path / "modules.json").is_file() or (path / "1_Pooling").is_dir():
        return True
    if any(name in _ENCODERS for name in config.get("architectures") or ()):
        return True
    return any("embedding" in name.lower() for name in _names(path))


def _names(path: Path) -> list[str]:
    # In the cache of Hugging Face: models--owner--name/snapshots/revision.
    in_cache = path.parent.name == "snapshots"
    return [path.parents[1].name.rpartition("--")[2] if in_cache else path.name]


def no_embeddings_error(model: str) -> EngineError:
    """Returns the error of a text model that is asked for embeddings."""
    return EngineError(
        "UNSUPPORTED",
        f"{model} writes text and makes no embeddings.",
        "Name an embedding model, such as mlx-community/Qwen3-Embedding-0.6B-4bit-DWQ.",
    )


def no_text_error(model: str) -> EngineError:
    """Returns the error of an embedding model that is asked for text."""
    return EngineError("UNSUPPORTED", f"{model} makes embeddings and writes no text.")


class EmbeddingModel:
    """An embedding model. Must be read and used on MLX's thread."""

    def __init__(self, model: TextModel, encode: Encode) -> None:
        self.model = model
        self._encode = encode
        self._most_tokens = _most_tokens(model)

    @classmethod
    def load(cls, path: Path, config: dict[str, Any]) -> "EmbeddingModel":
        """Reads all files but the weights; `config` is that of config.json.

        Raises EngineError SETUP_NEEDED for a model that needs the optional packages, UNSUPPORTED
        for one that no library has code for, MODEL_CORRUPT for damaged files.
        """
        encode: Encode | None = None

        def read_network() -> tuple[nn.Module, dict[str, Any]]:
            nonlocal encode
            read = _read_last_token if _pools_last_token(path, config) else _read_with_mlx_vlm
            network, encode, full = read(path, config)
            return network, full

        model = read_files(path, config, read_network)
        assert encode is not None  # read_network ran
        return cls(model, encode)

    def tokenise(self, inputs: Sequence[str]) -> list[list[int]]:
        """Returns the token ids of each text, with the end token. Runs on any one thread at a time.

        Raises EngineError CONTEXT_LENGTH_EXCEEDED for a text that is too long, INVALID_REQUEST for
        a text without tokens.
        """
        found: list[list[int]] = []
        for number, text in enumerate(inputs, 1):
            tokens = list(self.model.tokenizer.encode(text))
            if not tokens:
                raise EngineError("INVALID_REQUEST", f"Input {number} has no tokens.")
            if self._most_tokens is not None and len(tokens) > self._most_tokens:
                raise EngineError(
                    "CONTEXT_LENGTH_EXCEEDED",
                    f"Input {number} has {len(tokens)} tokens; {self.model.path.name} takes "
                    f"{self._most_tokens}.",
                )
            found.append(tokens)
        return found

    def pieces(self, texts: Sequence[Sequence[int]]) -> Iterator[dict[int, list[float]]]:
        """Yields vectors of length 1 by the index of their text, one piece of the texts at a time.

        MLX's thread is free for other work between two pieces.
        """
        for places in _batches([len(text) for text in texts]):
            longest = max(len(texts[place]) for place in places)
            # Padding comes last: positions and causal attention never see it.
            ids = [[*texts[place], *[0] * (longest - len(texts[place]))] for place in places]
            mask = [
                [1] * len(texts[place]) + [0] * (longest - len(texts[place])) for place in places
            ]
            vectors = self._encode(mx.array(ids), mx.array(mask)).astype(mx.float32)
            if vectors.ndim != 2:
                raise EngineError(
                    "UNSUPPORTED",
                    f"{self.model.path.name} makes a vector for each token and none for a text.",
                )
            vectors = vectors / mx.linalg.norm(vectors, axis=-1, keepdims=True)
            rows: list[list[float]] = vectors.tolist()  # type: ignore[assignment]
            yield dict(zip(places, rows, strict=True))


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yields the indices of texts that are embedded together, which have similar lengths."""
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lambda place: lengths[place]):
        if batch and (len(batch) + 1) * lengths[place] > PIECE_TOKENS:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _pools_last_token(path: Path, config: dict[str, Any]) -> bool:
    if config.get("model_type") not in _LAST_TOKEN or _pooling(path) != "lasttoken":
        return False
    # Weights that were saved without the language model head have names that mlx-lm does not know.
    first = next(iter(sorted(path.glob("model*.safetensors"))), None)
    if first is None:
        return True
    names: Any = mx.load(str(first))
    return any(name.startswith("model.") for name in names)


def _pooling(path: Path) -> str:
    """Returns how the vectors of the tokens become one, in sentence-transformers' terms."""
    file = path / "1_Pooling" / "config.json"
    if not file.is_file():
        # Conversions leave the file out; the families of _LAST_TOKEN have no other way.
        return "lasttoken"
    config = _json(file)
    if "pooling_mode" in config:
        return str(config["pooling_mode"])
    chosen = [name for name, value in config.items() if value is True and "mode" in name]
    return chosen[0].removeprefix("pooling_mode_") if len(chosen) == 1 else "none"


def _read_last_token(
    path: Path, _config: dict[str, Any]
) -> tuple[nn.Module, Encode, dict[str, Any]]:
    network, config = read_model(path)

    def encode(tokens: mx.array, mask: mx.array) -> mx.array:
        states: mx.array = network.model(tokens)
        last = mask.sum(axis=-1) - 1
        return states[mx.arange(tokens.shape[0]), last]

    return network, encode, config


def _read_with_mlx_vlm(
    path: Path, config: dict[str, Any]
) -> tuple[nn.Module, Encode, dict[str, Any]]:
    if not has_vision():
        raise missing_vision_error(f"The embedding model in {path}")
    from .. import mlx_vlm_adapter

    if not mlx_vlm_adapter.supports_embeddings(config):
        family = config.get("model_type")
        raise EngineError("UNSUPPORTED", f"mlx-vlm can't make embeddings with {path}: a {family}.")
    network, encode = mlx_vlm_adapter.read_encoder(path)
    return network, encode, config


def _most_tokens(model: TextModel) -> int | None:
    file = model.path / "sentence_bert_config.json"
    limits = [model.context_tokens, _json(file).get("max_seq_length") if file.is_file() else None]
    return min((limit for limit in limits if isinstance(limit, int)), default=None)


def _json(file: Path) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return value
