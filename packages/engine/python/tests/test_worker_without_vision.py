"""The errors for images and embeddings without the optional packages."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import tiny_models
from mlx_app.optional_packages import has_vision
from worker_process import Refused, WorkerProcess, parts, worker_process

pytestmark = pytest.mark.skipif(
    has_vision(), reason="says what an app without the extra does, and this environment has it"
)

COMMAND = "npm run setup -- --with vision"


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory, models: Path) -> Iterator[WorkerProcess]:
    folder = tmp_path_factory.mktemp("models")
    for name in ("blind_qwen3_vl", "qwen3_embedding"):
        tiny_models.make(name, folder / name, models / "hello")
    # The config decides what is asked of whom; no weight of these is read.
    for name, config in (
        ("encoder", {"model_type": "bert", "architectures": ["BertModel"]}),
        ("idefics3", {"model_type": "idefics3", "vision_config": {"hidden_size": 32}}),
    ):
        shutil.copytree(models / "hello", folder / name)
        (folder / name / "config.json").write_text(json.dumps(config), "utf-8")
    with worker_process(folder) as process:
        yield process


def test_a_model_that_sees_still_writes(worker: WorkerProcess) -> None:
    assert worker.ask("load", model="blind_qwen3_vl")["model"]["capabilities"] == []
    answer = worker.generate("blind_qwen3_vl", "What is it?", maxTokens=12)
    assert answer.text != ""
    again = worker.generate("blind_qwen3_vl", parts("What ", "is it?"), maxTokens=12)
    assert again.text == answer.text


def test_an_image_asks_for_the_extra(worker: WorkerProcess) -> None:
    with pytest.raises(Refused, match="SETUP_NEEDED: Reading images with blind_qwen3_vl") as error:
        worker.generate("blind_qwen3_vl", parts(b"an image", "What is it?"))
    assert error.value.hint == COMMAND
    assert worker.ask("status")["active"] == 0


def test_a_model_that_only_the_extra_has_code_for_asks_for_it(worker: WorkerProcess) -> None:
    with pytest.raises(Refused, match=r"SETUP_NEEDED: mlx-lm has no code for .*idefics3") as error:
        worker.ask("load", model="idefics3")
    assert error.value.hint == COMMAND


def test_an_embedding_model_that_needs_the_extra_asks_for_it(worker: WorkerProcess) -> None:
    for kind, fields in (("load", {}), ("embed", {"inputs": ["Hello!"]})):
        with pytest.raises(Refused, match="SETUP_NEEDED: The embedding model in") as error:
            worker.ask(kind, model="encoder", **fields)
        assert error.value.hint == COMMAND


def test_an_embedding_model_that_needs_no_extra_works(worker: WorkerProcess) -> None:
    inputs = ["Hello!", "Tell me a story."]
    assert len(worker.ask("embed", model="qwen3_embedding", inputs=inputs)["vectors"]) == 2
