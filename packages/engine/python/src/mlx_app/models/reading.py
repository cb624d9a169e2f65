"""Reads the files of embedding models and of models that take images."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import mlx.nn as nn

from ..errors import EngineError, from_exception
from ..mlx_lm_adapter.models import read_tokenizer
from .tensor_files import check_safetensors
from .text_model import TextModel


def read_files(
    path: Path,
    config: dict[str, Any],
    read_network: Callable[[], tuple[nn.Module, dict[str, Any]]],
) -> TextModel:
    """Returns a model with its tokenizer, whose weights are not in memory yet.

    `config` is that of config.json; `read_network` returns the network, and the config with the
    tokens that end a text. Raises EngineError UNSUPPORTED for a model with code of its own,
    MODEL_CORRUPT for damaged files.
    """
    if config.get("model_file"):
        raise EngineError(
            "UNSUPPORTED", f"The model in {path} has code of its own, which is never run."
        )
    for file in sorted(path.glob("*.safetensors")):
        check_safetensors(file)
    try:
        network, full = read_network()
        tokenizer = read_tokenizer(path, full)
    except Exception as error:
        known = from_exception(error, f"reading {path}")
        if known.code != "INTERNAL":
            raise known from error
        reason = f"{type(error).__name__}: {error}"
        raise EngineError(
            "MODEL_CORRUPT", f"The model in {path} can't be read: {reason}."
        ) from error
    return TextModel(path, network, tokenizer, full)
