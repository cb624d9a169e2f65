"""Runs the cases of engine-cases/ on both engines."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from case_values import Expected, as_json, expand, read_cases
from mlx_app import AsyncMLXEngine, EngineError, MLXEngine
from mlx_app.engine.results import Chunk

Call = dict[str, Any]
Outcome = dict[str, Any]
Perform = Callable[[list[tuple[str, Call]]], list[Outcome]]

FILES = read_cases()
CASES = [
    pytest.param(case, file["sendsNothing"], id=f"{name}: {case['title']}")
    for name, file in FILES.items()
    for case in file["cases"]
]
_METHODS = {"generate": "stream"}


@pytest.fixture(params=["MLXEngine", "AsyncMLXEngine"])
def perform(request: pytest.FixtureRequest, engine: MLXEngine) -> Perform:
    """Makes calls at the same time, on threads or in tasks, and returns their outcomes in order."""
    if request.param == "MLXEngine":
        return lambda calls: _on_threads(engine, calls)
    return lambda calls: asyncio.run(_in_tasks(AsyncMLXEngine.of(engine), calls))


@pytest.mark.parametrize(("case", "sends_nothing"), CASES)
def test_case(
    case: dict[str, Any],
    sends_nothing: bool,
    perform: Perform,
    engine: MLXEngine,
    tmp_path: Path,
) -> None:
    expected = Expected(tmp_path)
    steps = engine.status().steps
    for step in case.get("steps", [case]):
        calls = step.get("together", [step])
        outcomes = perform([_ready(call, expected) for call in calls])
        for call, outcome in zip(calls, outcomes, strict=True):
            _check(call, outcome, expected)
    if sends_nothing:
        assert engine.status().steps == steps


def _ready(call: Call, expected: Expected) -> tuple[str, Call]:
    """Returns the method of a call and its options, both as they are named in Python."""
    options = expand(call.get("options", {}), expected)
    assert isinstance(options, dict)
    if "ask" in call:
        options["messages"] = [{"role": "user", "content": call["ask"]}]
    options = {_snake(name): value for name, value in options.items()}
    if isinstance(options.get("messages"), list):
        options["messages"] = [
            {_snake(name): value for name, value in message.items()}
            for message in options["messages"]
        ]
    if "logit_bias" in options:
        options["logit_bias"] = {
            int(token) if token.isdigit() else token: bias
            for token, bias in options["logit_bias"].items()
        }
    name = call.get("call", "complete")
    return _METHODS.get(name, _snake(name)), options


def _check(call: Call, outcome: Outcome, expected: Expected) -> None:
    error = outcome.get("error")
    if error is not None and "error" not in call:
        raise error
    for part in ("answer", "chunks", "pieces"):
        if part in call:
            expected.check(call[part], outcome[part], part)
    if "error" in call:
        assert isinstance(error, EngineError), f"no error, but {outcome}"
        assert error.code == call["error"]["code"]
        found = {"message": error.message, "hint": error.hint}
        for part in ("message", "hint"):
            if part in call["error"]:
                expected.check(call["error"][part], found[part], part)
        assert _snake(call["error"].get("names", "")) in error.message


def _on_threads(engine: MLXEngine, calls: list[tuple[str, Call]]) -> list[Outcome]:
    def outcome(call: tuple[str, Call]) -> Outcome:
        name, options = call
        try:
            answer = getattr(engine, name)(**options)
            return _streamed(list(answer)) if name == "stream" else {"answer": as_json(answer)}
        except EngineError as error:
            return {"error": error}

    with ThreadPoolExecutor(len(calls)) as threads:
        return list(threads.map(outcome, calls))


async def _in_tasks(engine: AsyncMLXEngine, calls: list[tuple[str, Call]]) -> list[Outcome]:
    async def outcome(call: tuple[str, Call]) -> Outcome:
        name, options = call
        try:
            if name == "stream":
                return _streamed(await _all(engine.stream(**options)))
            return {"answer": as_json(await getattr(engine, name)(**options))}
        except EngineError as error:
            return {"error": error}

    return await asyncio.gather(*map(outcome, calls))


async def _all(stream: AsyncIterator[Chunk]) -> list[Chunk]:
    return [chunk async for chunk in stream]


def _streamed(chunks: list[Chunk]) -> Outcome:
    """Returns one chunk for each sequence, with all that its chunks have, and their number."""
    sequences: dict[int, dict[str, Any]] = {}
    for chunk in chunks:
        joined = sequences.setdefault(chunk.index, {"text": "", "toolCalls": [], "logprobs": []})
        parts = as_json(chunk)
        assert isinstance(parts, dict)
        for name in ("text", "toolCalls", "logprobs"):
            parts[name] = joined[name] + parts[name]
        joined.update(parts)
    return {"chunks": [sequences[index] for index in sorted(sequences)], "pieces": len(chunks)}


def _snake(name: str) -> str:
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", name)
