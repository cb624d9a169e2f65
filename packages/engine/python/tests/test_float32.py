import json
import struct
from pathlib import Path
from typing import Any

import mlx.core as mx
import pytest
from mlx.utils import tree_flatten

import mlx_app.models.float32 as float32_module
from mlx_app.models.float32 import float32_bytes
from mlx_app.models.text_model import TextModel
from mlx_app.protocol import Load
from worker_parts import LARGE, Loop, request


def write(folder: Path, sizes: dict[str, int]) -> Path:
    """A file of weights that has so many bytes of each type."""
    header: dict[str, object] = {"__metadata__": {"format": "mlx"}}
    end = 0
    for kind, size in sizes.items():
        header[kind] = {"dtype": kind, "shape": [size], "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + bytes(end))
    return folder


@pytest.mark.parametrize(
    ("sizes", "widened"),
    [
        ({"F16": 100}, 200),
        ({"F16": 100, "F32": 8}, 208),
        ({"U32": 1000, "BF16": 60}, 1120),
        ({"U32": 1000, "F16": 60, "BF16": 4}, 1128),
        # Neither is worth its memory: what is unquantised and no float16, and what has no halves.
        ({"BF16": 100}, None),
        ({"F32": 100}, None),
        ({"U32": 1000, "F32": 60}, None),
        ({}, None),
    ],
)
def test_counts_what_float32_takes(
    tmp_path: Path, sizes: dict[str, int], widened: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(float32_module, "is_slow_with_half_precision", lambda: True)
    assert float32_bytes(write(tmp_path, sizes), LARGE) == widened


@pytest.mark.parametrize("content", [b"", b"\xff" * 20, b"\x02" + bytes(7) + b"[]"])
def test_leaves_damaged_files_to_their_reading(
    tmp_path: Path, content: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(float32_module, "is_slow_with_half_precision", lambda: True)
    (tmp_path / "model.safetensors").write_bytes(content)
    assert float32_bytes(tmp_path, LARGE) is None


@pytest.mark.parametrize(
    ("slow", "most_bytes", "times"),
    [(True, LARGE, 2), (False, LARGE, 1), (True, 300_000, 1)],
    ids=["where halves are slow", "elsewhere", "where it takes too much memory"],
)
def test_a_model_is_in_float32(
    models: Path,
    hello: TextModel,
    answers: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    *,
    slow: bool,
    most_bytes: int,
    times: int,
) -> None:
    monkeypatch.setattr(float32_module, "is_slow_with_half_precision", lambda: slow)
    monkeypatch.setattr(float32_module, "MAX_PART", most_bytes / LARGE)
    loop = Loop(models)
    loop.models.load(Load(id=1, model="hello"))
    loop.run(lambda: len(loop.models.in_memory()) == 1)
    (runner,) = loop.models.in_memory()
    assert runner.bytes == times * hello.total_bytes
    leaves: Any = tree_flatten(runner.model.network.parameters())  # type: ignore[no-untyped-call]
    assert {leaf.dtype for _, leaf in leaves} == {mx.float32 if times == 2 else mx.float16}
    loop.scheduler.add(request(2, "Say hello."))
    assert loop.finish()[2].text() == answers["Say hello."]
