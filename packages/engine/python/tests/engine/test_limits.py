"""The limits, devices, models and turns of an engine."""

import os
import random
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import pytest

from engine_calls import HELLO, ask, failing
from mlx_app import Aliases, EngineError, LoadProgress, MLXEngine
from mlx_app.memory import weight_bytes
from python_process import run_python


@pytest.fixture(scope="module")
def folder(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with three copies of the hello model: one, two and three."""
    folder = tmp_path_factory.mktemp("models")
    for name in ("one", "two", "three"):
        shutil.copytree(models / "hello", folder / name)
    return folder


def loaded(engine: MLXEngine) -> list[str]:
    return [model.model for model in engine.status().models]


def test_gpu_that_does_not_exist() -> None:
    with MLXEngine() as engine:
        if engine.status().device == "gpu":
            pytest.skip("There is a GPU.")
    with failing("MLX_NOT_WORKING", "MLX finds no GPU") as caught:
        MLXEngine(device="gpu")
    assert caught.value.hint is not None


def test_memory_limit(folder: Path) -> None:
    limit = weight_bytes(folder / "one") // 2
    with MLXEngine(device="cpu", models_directory=folder, memory_limit_bytes=limit) as engine:
        with failing("OUT_OF_MEMORY"):
            engine.load_model("one")
        assert engine.status().memory_limit_bytes == limit


def test_idle_models_make_room_and_pinned_ones_stay(engine: MLXEngine, folder: Path) -> None:
    [hello] = engine.status().models
    # The limit is one for all of MLX in this process.
    limit = engine.status().memory_bytes + hello.memory_bytes * 5 // 2
    with MLXEngine(device="cpu", models_directory=folder, memory_limit_bytes=limit) as engine:
        engine.load_model("one", pinned=True)
        engine.load_model("two")
        engine.load_model("three")
        assert loaded(engine) == ["one", "three"]
        assert [model.pinned for model in engine.status().models] == [True, False]


def test_model_that_is_idle_is_unloaded(folder: Path) -> None:
    with MLXEngine(device="cpu", models_directory=folder, keep_alive=0) as engine:
        engine.load_model("one", pinned=True)
        assert engine.complete(messages=ask("Say hello."), model="two").text == HELLO
        deadline = time.monotonic() + 60
        while loaded(engine) != ["one"]:
            assert time.monotonic() < deadline


def test_default_model(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    with MLXEngine(device="cpu", models_directory=folder) as engine:
        stages: list[LoadProgress] = []
        assert engine.load_model("./one", on_progress=stages.append).model == str(folder / "one")
        assert {progress.stage for progress in stages} == {"load"}
        monkeypatch.chdir("/")
        assert engine.complete(messages=ask("Say hello.")).model == str(folder / "one")
        engine.load_model()
        assert engine.complete(messages=ask("Say hello.")).model == str(folder / "one")
        engine.load_model(folder / "two")
        assert engine.complete(messages=ask("Say hello.")).model == str(folder / "two")
        assert engine.unload_model(folder / "one") == [str(folder / "one")]
        assert engine.unload_model() == [str(folder / "two")]
        with failing("MODEL_NOT_FOUND"):
            engine.load_model("four", download=False)


def test_aliases(folder: Path) -> None:
    aliases: Aliases = {
        "fast": "one",
        "best": "fast",
        "trial": [{"model": "two", "weight": 9}, {"model": "three", "weight": 1}],
        "circle": "round",
        "round": "circle",
    }
    with MLXEngine("best", device="cpu", models_directory=folder, aliases=aliases) as engine:
        assert engine.complete(messages=ask("Say hello.")).model == "one"
        random.seed(1)
        models = [engine.complete("a", model="trial", max_tokens=1).model for _ in range(40)]
        assert 25 < models.count("two") < 40
        assert models.count("two") + models.count("three") == 40
        with failing("INVALID_REQUEST", "Aliases form a circle: circle -> round -> circle."):
            engine.complete("a", model="circle")


def test_queue_limit() -> None:
    with MLXEngine("hello", device="cpu", queue_limit=1) as engine:
        engine.load_model()

        def call(_: int) -> str:
            try:
                return engine.complete(messages=ask("Count to ten.")).finish_reason
            except EngineError as error:
                return error.code

        # A batch has 32 places, and one call may wait.
        with ThreadPoolExecutor(60) as pool:
            outcomes = list(pool.map(call, range(60)))
        assert set(outcomes) == {"stop", "QUEUE_FULL"}
        assert outcomes.count("stop") >= 33
        assert engine.complete(messages=ask("Say hello.")).text == HELLO


def test_urgent_calls_go_first(engine: MLXEngine) -> None:
    ends: list[str] = []

    def call(priority: Literal["interactive", "batch"]) -> None:
        engine.complete(messages=ask("Say hello."), priority=priority)
        ends.append(priority)

    with ThreadPoolExecutor(44) as pool:
        with engine.generate(messages=ask("Tell me a story."), n=32) as story:
            next(story)
            calls = [pool.submit(call, "batch") for _ in range(40)]
            while engine.status().queued < 40:
                pass
            calls += [pool.submit(call, "interactive") for _ in range(4)]
            while engine.status().queued < 44:
                pass
        for future in calls:
            future.result()
    last_urgent = max(index for index, priority in enumerate(ends) if priority == "interactive")
    assert last_urgent < 40


def test_deadline(engine: MLXEngine) -> None:
    with failing("DEADLINE_EXCEEDED", "longer than 1 ms") as caught:
        engine.complete(messages=ask("Tell me a story."), n=32, deadline_ms=1)
    assert caught.value.hint is not None
    assert "deadline_ms" in caught.value.hint


def test_host_that_uses_mlx_lm_itself() -> None:
    program = """
import mlx_lm
from mlx_app.models.locate import HELLO
model, tokenizer = mlx_lm.load(str(HELLO))
first = mlx_lm.generate(model, tokenizer, "Count", max_tokens=4)
import mlx_app
engine = mlx_app.MLXEngine(model="hello", device="cpu")
print(engine.complete("Count", max_tokens=4).text == first)
print(mlx_lm.generate(model, tokenizer, "Count", max_tokens=4) == first)
"""
    assert run_python(program, start="") == (0, "True\nTrue\n", "")


def test_nothing_is_sent_and_the_environment_stays() -> None:
    program = """
import os, sys
before = dict(os.environ)
sent = []
def audit(event, arguments):
    if event.startswith("socket."):
        sent.append(event)
sys.addaudithook(audit)
import mlx_app
with mlx_app.MLXEngine(device="cpu") as engine:
    engine.load_model("hello")
    engine.complete(messages=[{"role": "user", "content": "Say hello."}])
    engine.models()
print(sent, dict(os.environ) == before)
"""
    assert run_python(program, start="") == (0, "[] True\n", "")
    assert "HF_HUB_DISABLE_TELEMETRY" not in os.environ
