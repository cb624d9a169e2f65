"""What the tests of the Python API share: one engine with the hello model."""

from collections.abc import Iterator

import pytest

from mlx_app import MLXEngine


@pytest.fixture(scope="session")
def engine() -> Iterator[MLXEngine]:
    with MLXEngine(model="hello", device="cpu") as engine:
        engine.load_model()
        yield engine
