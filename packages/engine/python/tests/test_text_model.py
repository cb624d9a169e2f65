"""The properties of a text model."""

import shutil
from pathlib import Path

import pytest

from mlx_app.models.text_model import TextModel, read_text_model


def test_counts_the_bytes_that_it_brings_into_memory(hello: TextModel) -> None:
    assert list(hello.weights())[-1] == hello.total_bytes


def test_knows_context_and_vocabulary(hello: TextModel) -> None:
    assert hello.context_tokens == 32_768
    assert hello.vocabulary == len(hello.tokenizer)


@pytest.mark.parametrize("name", ["[slug]", "a*b", "what?", "100%20", "a #1", "~", "-x", "{a,b}"])
def test_its_folder_may_have_any_name(name: str, models: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(models / "hello", tmp_path / name / name)
    # A folder that the name would match as a pattern, with weights that can't be read.
    other = tmp_path / name.replace("*", "xy").replace("?", "z").replace("[slug]", "s") / name
    if not other.exists():
        other.mkdir(parents=True)
        (other / "model.safetensors").write_bytes(b"")
    model = read_text_model(folder)
    assert list(model.weights())[-1] == model.total_bytes
