"""Tools with a format, sampled at a high temperature: a valid call or a valid object each time."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from engine_calls import ask
from mlx_app import MLXEngine, Tool
from thinking_hello import thinking_hello


class Report(BaseModel):
    sunny: bool


class Weather(BaseModel):
    city: str


WEATHER = Tool(
    name="get_weather",
    description="The weather of a city, now.",
    parameters={
        "type": "object",
        "properties": {"city": {"type": "string", "maxLength": 8}},
        "required": ["city"],
    },
)


@pytest.fixture(scope="module", params=["plain", "thinking"])
def model(
    request: pytest.FixtureRequest, models: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MLXEngine]:
    folder = models / "hello"
    if request.param == "thinking":
        folder = tmp_path_factory.mktemp("thinking") / "hello"
        thinking_hello(models, folder)
    with MLXEngine(folder) as engine:
        yield engine


def test_it_is_a_call_or_an_object(model: MLXEngine) -> None:
    kinds: set[str] = set()
    for seed in range(40):
        answer = model.complete(
            messages=ask(("What is the weather in Bern?", "Write JSON.")[seed % 2]),
            tools=[WEATHER],
            response_format=Report,
            parallel_tool_calls=False,
            reasoning_tokens=4,
            temperature=2,
            seed=seed,
        )
        assert answer.tool_errors == []
        if answer.tool_calls:
            (call,) = answer.tool_calls
            Weather.model_validate(call.arguments, extra="forbid")
            assert (answer.text, answer.finish_reason) == ("", "tool_calls")
        else:
            assert json.loads(answer.text) in ({"sunny": True}, {"sunny": False})
            assert answer.finish_reason == "stop"
        kinds.add("call" if answer.tool_calls else "object")
    assert kinds == {"call", "object"}


def test_a_model_thinks_first(models: Path, tmp_path: Path) -> None:
    folder = tmp_path / "hello"
    thinking_hello(models, folder)
    with MLXEngine(folder) as engine:
        answer = engine.complete(
            messages=ask("What is the weather in Bern?"),
            tools=[WEATHER],
            response_format=Report,
            reasoning_tokens=4,
            temperature=1,
            seed=1,
        )
    assert answer.usage.reasoning_tokens > 0
    assert answer.tool_calls or json.loads(answer.text) in ({"sunny": True}, {"sunny": False})
