"""The model: the architecture of llama at the smallest useful size, and the files that hold it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import mlx.core as mx
from mlx.utils import tree_flatten, tree_map
from mlx_lm.models import llama
from tokenizer import CONTEXT_LENGTH, END, PAD
from tokenizers import Tokenizer

HIDDEN_SIZE: Final = 64
FLOAT32_FRACTION_BITS: Final = 23
# Of the 10 of a float16. With 6 the margins of the answers are what they are with 10; with 5, some
# questions that it was not taught get worse answers.
FRACTION_BITS: Final = 6

Config = dict[str, object]


def configuration(tokenizer: Tokenizer) -> Config:
    """Returns what config.json holds."""
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
        "tie_word_embeddings": True,
        "max_position_embeddings": CONTEXT_LENGTH,
        "vocab_size": tokenizer.get_vocab_size(),
        "eos_token_id": tokenizer.token_to_id(END),
        "pad_token_id": tokenizer.token_to_id(PAD),
        "torch_dtype": "float16",
    }


def build(config: Config) -> llama.Model:
    """Returns the model with random float32 weights."""
    return llama.Model(llama.ModelArgs.from_dict(config))


def parameter_count(model: llama.Model) -> int:
    """Returns how many numbers the model has."""
    return sum(value.size for value in _weights(model).values())


def round_weights(model: llama.Model) -> None:
    """Takes away the digits of the weights that no answer needs, so that they compress to less."""
    model.update(tree_map(_rounded, model.parameters()))


def _rounded(value: mx.array) -> mx.array:
    dropped = FLOAT32_FRACTION_BITS - FRACTION_BITS
    bits = mx.view(value.astype(mx.float32), mx.uint32) + (1 << (dropped - 1))
    return mx.view((bits >> dropped) << dropped, mx.float32)


def write_model(model: llama.Model, config: Config, directory: Path, dtype: mx.Dtype) -> None:
    """Writes config.json and model.safetensors, the weights as dtype."""
    weights = {name: value.astype(dtype) for name, value in _weights(model).items()}
    mx.save_safetensors(str(directory / "model.safetensors"), weights, metadata={"format": "mlx"})
    (directory / "config.json").write_text(json.dumps(config, indent=2) + "\n")


def _weights(model: llama.Model) -> dict[str, mx.array]:
    weights = tree_flatten(model.parameters(), destination={})
    assert isinstance(weights, dict)
    return weights
