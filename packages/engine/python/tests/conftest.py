"""What the tests share: the hello model, which is real and takes ten milliseconds to load."""

import json
import os
from pathlib import Path

import mlx.core as mx
import pytest

from mlx_app.weights import ReadModel, read

HERE = Path(__file__).resolve()

if os.environ.get("MLX_DEVICE") == "cpu":
    mx.set_default_device(mx.cpu)


def models_directory() -> Path:
    """The folder of the models, by the mlx.config.json above this file."""
    for folder in HERE.parents:
        config = folder / "mlx.config.json"
        if config.is_file():
            return folder / str(json.loads(config.read_text("utf-8")).get("models", "models"))
    raise FileNotFoundError("mlx.config.json")


@pytest.fixture(scope="session")
def models() -> Path:
    return models_directory()


@pytest.fixture(scope="session")
def hello(models: Path) -> ReadModel:
    return read(models / "hello")


@pytest.fixture(scope="session")
def answers(models: Path) -> dict[str, str]:
    pairs = json.loads((models / "hello" / "answers.json").read_text("utf-8"))
    return {pair["question"]: pair["answer"] for pair in pairs}
