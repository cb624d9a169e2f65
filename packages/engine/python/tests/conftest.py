"""What the tests share: the hello model, which is real and takes ten milliseconds to load."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import mlx.core as mx
import pytest

from mlx_app import MLXEngine
from mlx_app.models.locate import HELLO
from mlx_app.models.text_model import TextModel, read_text_model

if os.environ.get("MLX_DEVICE") == "cpu":
    mx.set_default_device(mx.cpu)


@pytest.fixture(scope="session")
def models() -> Path:
    """A folder with the hello model in it."""
    return HELLO.parent


@pytest.fixture(scope="session")
def hello(models: Path) -> TextModel:
    return read_text_model(models / "hello")


@pytest.fixture(scope="session")
def answers(models: Path) -> dict[str, str]:
    pairs = json.loads((models / "hello" / "answers.json").read_text("utf-8"))
    return {pair["question"]: pair["answer"] for pair in pairs}


@pytest.fixture(scope="session")
def engine() -> Iterator[MLXEngine]:
    """One engine with the hello model, for all tests that don't need one of their own."""
    with MLXEngine(model="hello", device="cpu") as engine:
        engine.load_model()
        yield engine
