"""Writes a random model of a realistic size for the benches: `python random_model.py DIRECTORY`.

It has about 75 million random float32 parameters (300 MB) and the tokenizer of the hello model.
With `--quantised` it has 4 bits with bfloat16 scales (43 MB), like most models for MLX. Its text is
meaningless, but it runs as fast as a trained model. Benches create it when they need it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Final

import mlx.core as mx
from mlx_lm.utils import quantize_model, save_model
from model import Config, build, configuration, parameter_count, write_model
from tokenizer import train_tokenizer, write_tokenizer

SIZES: Final[Config] = {
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "intermediate_size": 2048,
    "num_attention_heads": 12,
    "num_key_value_heads": 4,
    "torch_dtype": "float32",
}
SEED: Final = 0


def main() -> None:
    """Writes the model and prints its number of parameters."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path, help="is made where it is missing")
    parser.add_argument("--quantised", action="store_true", help="in 4 bits")
    arguments = parser.parse_args()
    directory: Path = arguments.directory
    directory.mkdir(parents=True, exist_ok=True)
    tokenizer = train_tokenizer()
    config = configuration(tokenizer) | SIZES
    mx.random.seed(SEED)
    model = build(config)
    write_tokenizer(tokenizer, directory)
    if arguments.quantised:
        model.set_dtype(mx.bfloat16)
        quantised, config = quantize_model(model, config, 64, 4)
        save_model(directory, quantised)
        (directory / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    else:
        write_model(model, config, directory, mx.float32)
    print(f"{parameter_count(model):,} parameters")


if __name__ == "__main__":
    main()
