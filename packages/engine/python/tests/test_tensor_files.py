"""Whether a safetensors file is as long as its header says."""

import json
import struct
from pathlib import Path

import pytest

from mlx_app.errors import EngineError
from mlx_app.models.tensor_files import check_safetensors


def write(path: Path, header: object, data: bytes, announced: int | None = None) -> Path:
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", announced or len(text)) + text + data)
    return path


def tensor(begin: int, end: int) -> dict[str, object]:
    return {"dtype": "F32", "shape": [1], "data_offsets": [begin, end]}


def test_takes_a_whole_file(tmp_path: Path) -> None:
    header = {"__metadata__": {"format": "mlx"}, "a": tensor(0, 4), "b": tensor(4, 8)}
    check_safetensors(write(tmp_path / "model.safetensors", header, b"12345678"))
    check_safetensors(write(tmp_path / "empty.safetensors", {}, b""))


@pytest.mark.parametrize(
    ("header", "data", "announced"),
    [
        ({"a": tensor(0, 8)}, b"1234567", None),
        ({"a": tensor(0, 8)}, b"123456789", None),
        ({"a": tensor(0, 8)}, b"12345678", 10_000),
        ({"a": {"shape": [1]}}, b"", None),
        ({"a": "b"}, b"", None),
        (["a"], b"", None),
        ("a", b"", None),
    ],
)
def test_refuses_a_damaged_one(
    tmp_path: Path, header: object, data: bytes, announced: int | None
) -> None:
    file = write(tmp_path / "model.safetensors", header, data, announced)
    with pytest.raises(EngineError) as raised:
        check_safetensors(file)
    assert raised.value.code == "MODEL_CORRUPT"
