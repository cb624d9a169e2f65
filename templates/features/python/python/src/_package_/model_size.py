"""Prints how large a model is in memory, as an example of a program: `uv run model-size PATH`."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass

import mlx.core as mx
from mlx.utils import tree_flatten
from mlx_app.models.locate import HELLO
from mlx_lm import load


@dataclass(frozen=True)
class ModelSize:
    parameters: int
    bytes: int


def model_size(path: str) -> ModelSize:
    """Loads a model from its folder and counts its weights."""
    model, *_ = load(path)
    weights = [weight for _, weight in tree_flatten(model.parameters())]
    mx.eval(weights)
    return ModelSize(
        parameters=sum(weight.size for weight in weights),
        bytes=sum(weight.nbytes for weight in weights),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Prints the size of a model as JSON.")
    parser.add_argument("path", nargs="?", default=str(HELLO), help="default: the hello model")
    print(json.dumps(asdict(model_size(parser.parse_args().path))))
