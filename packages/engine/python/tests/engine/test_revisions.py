"""A model that is pinned to a commit of the hub."""

from pathlib import Path

import pytest

from engine_calls import HELLO, ask, failing
from mlx_app import MLXEngine
from pinned_model import COMMIT, PINNED, add_pinned_model


def test_a_call_loads_the_commit_again_that_was_loaded(
    tmp_path: Path, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_pinned_model(tmp_path, models, monkeypatch)
    with MLXEngine(PINNED, device="cpu") as engine:
        with failing("MODEL_NOT_FOUND"):
            engine.complete(messages=ask("Say hello."))
        assert engine.load_model(revision=COMMIT).path.endswith(COMMIT)
        assert engine.unload_model() == [PINNED]
        assert engine.complete(messages=ask("Say hello.")).text == HELLO
