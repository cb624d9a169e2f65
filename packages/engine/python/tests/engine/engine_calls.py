"""Calls that several tests of the Python API make."""

import pytest

from mlx_app import EngineError, ErrorCode, Message

HELLO = "Hello from a real MLX model!"


def ask(content: str) -> list[Message]:
    """Returns a chat with one question."""
    return [{"role": "user", "content": content}]


def failing(code: ErrorCode, text: str = "") -> pytest.RaisesExc[EngineError]:
    """Returns a block that raises an EngineError with a code, whose message has a text in it."""
    return pytest.RaisesExc(
        EngineError, check=lambda error: error.code == code and text in str(error)
    )
