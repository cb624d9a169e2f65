"""The model, a Llama architecture of the smallest useful size, and its files."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Final, TypeAlias

import mlx.core as mx
from mlx.utils import tree_flatten, tree_map
from mlx_lm.models import llama, plamo3
from tokenizer import CONTEXT_LENGTH, END, PAD
from tokenizers import Tokenizer

HIDDEN_SIZE: Final = 64
# Weights are rounded to multiples of about 2 ** -GRID_BITS of their tensor's root mean square. With
# 4, answers and their margins are the same as with all bits of a float16, and brotli compresses the
# file to 93 kB (111 kB with 5). With 3, the margin of one answer is below the limit in check.py.
GRID_BITS: Final = 4

Config = dict[str, object]
Network: TypeAlias = llama.Model | plamo3.Model


def configuration(tokenizer: Tokenizer) -> Config:
    """Returns the content of config.json."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "hidden_size": HIDDEN_SIZE,
        "num_hidden_layers": 2,
        "intermediate_size": 128,
        "num_attention_heads": 2,
        "num_key_value_heads": 2,
        "rms_norm_eps": 1e-5,
        "rope_theta": 1000.0,
        **shared_configuration(tokenizer, CONTEXT_LENGTH),
    }


def shared_configuration(tokenizer: Tokenizer, context_length: int) -> Config:
    """Returns the end of config.json, which every trained model has."""
    return {
        "tie_word_embeddings": True,
        "max_position_embeddings": context_length,
        "vocab_size": tokenizer.get_vocab_size(),
        "eos_token_id": tokenizer.token_to_id(END),
        "pad_token_id": tokenizer.token_to_id(PAD),
        "torch_dtype": "float16",
    }


def build(config: Config) -> llama.Model:
    """Returns the model with random float32 weights."""
    return llama.Model(llama.ModelArgs.from_dict(config))


def parameter_count(model: Network) -> int:
    """Returns the number of parameters."""
    return sum(value.size for value in _weights(model).values())


def round_weights(model: Network) -> None:
    """Rounds the weights to a grid, so that they compress better."""
    model.update(tree_map(_rounded, model.parameters()))


def _rounded(value: mx.array) -> mx.array:
    # Up to 2,048 multiples of a power of two are exact in a float16.
    root_mean_square = float(mx.sqrt(mx.mean(mx.square(value))))
    step = 2.0 ** (round(math.log2(root_mean_square)) - GRID_BITS)
    rounded: mx.array = mx.round(value / step) * step
    return rounded


def write_model(model: Network, config: Config, directory: Path, dtype: mx.Dtype) -> None:
    """Writes config.json, and model.safetensors with weights of type dtype."""
    weights = {name: value.astype(dtype) for name, value in _weights(model).items()}
    mx.save_safetensors(str(directory / "model.safetensors"), weights, metadata={"format": "mlx"})
    (directory / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def _weights(model: Network) -> dict[str, mx.array]:
    weights = tree_flatten(model.parameters(), destination={})
    assert isinstance(weights, dict)
    return weights
