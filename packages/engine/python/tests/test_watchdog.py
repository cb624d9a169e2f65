"""A worker that has work but makes no step."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from mlx_app import EngineError, MLXEngine
from mlx_app.models.locate import HELLO
from worker_process import SOURCE

ROUNDS = 100 if os.environ.get("SOAK") else 2

# Blocks in the middle of an answer, as an evaluation on a GPU does that hangs.
BLOCKING = """
import threading
from mlx_app.worker.runner.batches import Batches
step, steps = Batches.step, []
def block(self):
    steps.append(1)
    if len(steps) > 20:
        threading.Event().wait()
    return step(self)
Batches.step = block
from mlx_app.worker.__main__ import main
main()
"""


@pytest.mark.parametrize("_", range(ROUNDS))
def test_blocked_step_ends_the_worker(_: int) -> None:
    arguments = ["--device", "cpu", "--models", str(HELLO.parent), "--stall-timeout", "1"]
    command = [sys.executable, "-c", BLOCKING, *arguments]
    environment = {**os.environ, "PYTHONPATH": str(SOURCE)}
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        request = {"type": "generate", "id": 1, "model": "hello", "prompt": "Hello"}
        bias = {"logitBias": {"0": -100, "1": -100, "2": -100}, "maxTokens": 1000}
        process.stdin.write(json.dumps(request | bias).encode() + b"\n")
        process.stdin.flush()
        events = [json.loads(line) for line in process.stdout]
    assert any(event["type"] == "tokens" for event in events)
    stalls = [event["stalledMs"] for event in events if event["type"] == "heartbeat"]
    assert stalls[-1] > stalls[-2]
    assert events[-1]["type"] == "fatal"
    assert events[-1]["code"] == "WORKER_STALLED"


def test_blocked_engine_tells_its_callers_until_it_goes_on() -> None:
    with MLXEngine("hello", device="cpu", stall_timeout_ms=1000) as engine:
        engine.load_model()
        go_on = threading.Event()
        stream = engine.stream("Hello", max_tokens=100_000, logit_bias={0: -100, 1: -100, 2: -100})
        next(stream)
        # Blocks the thread of MLX, as an evaluation that hangs does.
        engine.core.worker.run(lambda: go_on.wait())
        with pytest.raises(EngineError, match=r"made no step for 1 s") as caught:
            for _ in stream:
                pass
        assert caught.value.code == "WORKER_STALLED"
        assert engine.is_stalled
        with pytest.raises(EngineError) as refused:
            engine.status()
        assert refused.value.code == "WORKER_STALLED"
        go_on.set()
        _wait(lambda: not engine.is_stalled)
        assert engine.complete("Hello", max_tokens=5).usage.completion_tokens > 0
        assert engine.last_step_at is not None


def test_load_that_takes_long_is_no_stall() -> None:
    with MLXEngine("hello", device="cpu", stall_timeout_ms=400) as engine:
        engine.load_model()
        go_on = threading.Event()

        def load() -> None:
            with engine.core.worker.pulse.load():
                go_on.wait()

        engine.core.worker.run(load)
        time_over = threading.Timer(2, go_on.set)
        time_over.start()
        assert engine.complete("Hello", max_tokens=5).text
        time_over.join()


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
