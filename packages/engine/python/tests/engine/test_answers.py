"""What the methods of the Python API return."""

import copy
import os
import pickle
import subprocess
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, RootModel, field_validator

import mlx_app
from engine_calls import HELLO, ask, failing
from mlx_app import AsyncMLXEngine, Chunk, Message, MLXEngine, PromptProgress, Token, Tool


class Tiny(BaseModel):
    model: Literal["hello", "other"]
    tiny: bool


class City(BaseModel):
    city: str


def test_tokens_print_as_their_text(engine: MLXEngine) -> None:
    tokens = list(engine.generate(messages=ask("Say hello.")))
    assert "".join(tokens) == HELLO
    assert all(isinstance(token, str) for token in tokens)
    last = tokens[-1]
    assert last.finish_reason == "stop"
    assert last.usage is not None
    assert last.usage.completion_tokens == 10
    assert last.timings is not None
    assert 0 < last.timings.ttft_ms <= last.timings.total_ms
    assert [token.finish_reason for token in tokens[:-1]] == [None] * (len(tokens) - 1)
    assert [token.usage for token in tokens[:-1]] == [None] * (len(tokens) - 1)


def test_token_is_copied_with_its_chunk() -> None:
    token = Token(Chunk(text="one", finish_reason="length"))
    for same in (copy.copy(token), pickle.loads(pickle.dumps(token))):
        assert (same, same.finish_reason) == ("one", "length")


def test_prompt_is_continued_as_raw_text(engine: MLXEngine) -> None:
    [limited] = [engine.complete("Count", max_tokens=3)]
    assert limited.finish_reason == "length"
    assert limited.usage.completion_tokens == 3
    assert limited.usage.prompt_tokens == engine.count_tokens("Count")


def test_text_so_far_is_a_prompt(engine: MLXEngine) -> None:
    token = next(engine.generate(messages=ask("Say hello.")))
    assert engine.complete(token, max_tokens=1).usage.completion_tokens == 1


def test_chunks_have_everything_about_an_answer(engine: MLXEngine) -> None:
    chunks = list(engine.stream(messages=ask("Does it work?"), logprobs=2, max_tokens=2))
    assert [len(entry.top) for chunk in chunks for entry in chunk.logprobs] == [2, 2]
    assert chunks[-1].model == "hello"
    assert chunks[-1].finish_reason == "length"


def test_several_sequences(engine: MLXEngine) -> None:
    answer = engine.complete(messages=ask("Who are you?"), n=3, temperature=2, seed=7)
    assert len(answer.choices) == 3
    assert answer.text == answer.choices[0].text
    assert len({choice.text for choice in answer.choices}) > 1
    chunks = list(engine.stream(messages=ask("Who are you?"), n=3, temperature=2, seed=7))
    for index, choice in enumerate(answer.choices):
        assert "".join(chunk.text for chunk in chunks if chunk.index == index) == choice.text


def test_stop_strings(engine: MLXEngine) -> None:
    for stop in ("four", ["nothing", "four"], ("four",)):
        answer = engine.complete(messages=ask("Count to ten."), stop=stop)
        assert (answer.text, answer.stop_string) == ("one two three ", "four")


def test_progress_of_a_prompt(engine: MLXEngine) -> None:
    seen: list[PromptProgress] = []
    answer = engine.complete(
        messages=ask("Say hello."), prompt_cache=False, on_prompt_progress=seen.append
    )
    assert seen[-1].processed_tokens == seen[-1].total_tokens == answer.usage.prompt_tokens


def test_error_of_a_callback_ends_the_call(engine: MLXEngine) -> None:
    def fail(_: object) -> None:
        raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        engine.complete(messages=ask("Say hello."), prompt_cache=False, on_prompt_progress=fail)
    assert engine.status().active == 0


def test_answer_in_a_format(engine: MLXEngine) -> None:
    assert Tiny.model_validate_json(
        engine.complete(messages=ask("Write JSON."), response_format=Tiny).text
    ).tiny
    schema = Tiny.model_json_schema() | {"additionalProperties": False}
    answer = engine.complete(
        messages=ask("Write JSON."), response_format={"type": "json_schema", "schema": schema}
    )
    assert answer.text == '{"model": "hello", "tiny": true}'
    answer = engine.complete(
        messages=ask("Does it work?"), response_format={"type": "regex", "pattern": "Yes|No"}
    )
    assert answer.text == "Yes"
    assert (
        engine.complete(messages=ask("Say hello."), response_format={"type": "text"}).text == HELLO
    )


def test_object_of_a_pydantic_model(engine: MLXEngine) -> None:
    answer = engine.generate_object(Tiny, messages=ask("Write JSON."))
    assert answer.object == Tiny(model="hello", tiny=True)
    assert answer.text == '{"model": "hello", "tiny": true}'


def test_call_instead_of_an_object(engine: MLXEngine) -> None:
    city = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    weather = Tool(name="get_weather", description="The weather of a city, now.", parameters=city)
    question = ask("What is the weather in Bern?")
    with failing("INVALID_OUTPUT", "The model called get_weather instead of returning an object"):
        engine.generate_object(Tiny, messages=question, tools=[weather])
    answer = engine.generate_object(Tiny, messages=question, tools=[weather], tool_choice="none")
    assert isinstance(answer.object, Tiny)


def test_object_of_a_model_with_aliases_or_a_root(engine: MLXEngine) -> None:
    class Named(BaseModel):
        model_config = {"populate_by_name": False}
        name: Literal["hello"] = Field(alias="model")

    class Numbers(RootModel[list[Literal[1, 2]]]):
        root: list[Literal[1, 2]] = Field(min_length=1, max_length=2)

    assert engine.generate_object(Named, messages=ask("Write JSON.")).object.name == "hello"
    assert 1 <= len(engine.generate_object(Numbers, messages=ask("Write JSON.")).object.root) <= 2


def test_object_that_is_cut_off_or_refused_by_a_validator(engine: MLXEngine) -> None:
    class Refusing(Tiny):
        @field_validator("tiny")
        @classmethod
        def refuse(cls, _: bool) -> bool:
            raise ValueError("never")

    with failing("INVALID_OUTPUT", "cut off"):
        engine.generate_object(Tiny, messages=ask("Write JSON."), max_tokens=3)
    with failing("INVALID_OUTPUT", "never"):
        engine.generate_object(Refusing, messages=ask("Write JSON."))


@pytest.mark.parametrize("parameters", [City, City.model_json_schema()], ids=["model", "schema"])
def test_tools(engine: MLXEngine, parameters: type[BaseModel] | dict[str, Any]) -> None:
    tools: list[Tool] = [
        {"name": "get_weather", "description": "The weather", "parameters": parameters}
    ]
    messages = ask("What is the weather in Bern?")
    answer = engine.complete(messages=messages, tools=tools)
    [call] = answer.tool_calls
    assert (answer.finish_reason, call.name) == ("tool_calls", "get_weather")
    assert City(**call.arguments).city == "Bern"
    result: list[Message] = [
        {"role": "assistant", "content": answer.text, "tool_calls": answer.tool_calls},
        {
            "role": "tool",
            "content": '{"sky": "sunny", "celsius": 21}',
            "tool_call_id": call.id,
            "name": call.name,
        },
    ]
    final = engine.complete(messages=[*messages, *result], tools=tools)
    assert final.text == "It is sunny in Bern, with 21 degrees."
    named = engine.complete(
        messages=ask("Say hello."), tools=tools, tool_choice={"name": "get_weather"}, max_tokens=64
    )
    assert [call.name for call in named.tool_calls] == ["get_weather"]


def test_images_need_a_vision_model(engine: MLXEngine) -> None:
    content: Any = [{"type": "image", "image": b"GIF"}, {"type": "text", "text": "What is this?"}]
    with failing("UNSUPPORTED"):
        engine.complete(messages=[{"role": "user", "content": content}])


def test_tokens_and_embeddings(engine: MLXEngine) -> None:
    assert engine.count_tokens(messages=ask("Say hello.")) == 11
    tokens = engine.tokenise("Grüezi 👋🏽")
    assert engine.detokenise(tokens) == "Grüezi 👋🏽"
    assert engine.detokenise(tuple(tokens[:3])) == "Grü"[: len(engine.detokenise(tokens[:3]))]
    with failing("UNSUPPORTED"):
        engine.embed(["a cat"])


def test_status_and_models(engine: MLXEngine) -> None:
    status = engine.status()
    assert status.device == "cpu"
    assert [model.model for model in status.models] == ["hello"]
    assert (status.active, status.queued) == (0, 0)
    assert 0 < status.memory_bytes < status.memory_limit_bytes
    assert "hello" in [model.model for model in engine.models()]


def test_error_of_a_model_that_does_not_exist(engine: MLXEngine) -> None:
    with failing("MODEL_NOT_FOUND") as caught:
        engine.complete("a", model="absent")
    assert caught.value.hint is not None
    text, _, command = caught.value.hint.partition(" run: ")
    assert text == "To list the models on disk,"
    # The command works as it is, also where `mlx-app` is not on the PATH.
    source = str(Path(mlx_app.__file__).parents[1])
    listed = subprocess.check_output(
        command, shell=True, text=True, env={**os.environ, "PYTHONPATH": source}
    )
    assert "hello" in listed
    with failing("MODEL_NOT_FOUND"):
        next(engine.generate("a", model="./absent"))
    assert list(engine.generate(messages=ask("Say hello.")))


def test_stream_that_failed_has_ended(engine: MLXEngine) -> None:
    stream = engine.generate("a", model="absent")
    with failing("MODEL_NOT_FOUND"):
        next(stream)
    assert list(stream) == []


def test_asynchronous_twin_has_the_same_methods() -> None:
    names = {name for name in dir(MLXEngine) if not name.startswith("_")} - {"core"}
    assert names == {name for name in dir(AsyncMLXEngine) if not name.startswith("_")} - {"of"}
    for name in names - {"close"}:
        ours, twin = getattr(MLXEngine, name), getattr(AsyncMLXEngine, name)
        assert ours.__doc__ == twin.__doc__, name
        if isinstance(ours, property):
            ours, twin = ours.fget, twin.fget
        given = {key: kind for key, kind in ours.__annotations__.items() if key != "return"}
        assert given == {k: v for k, v in twin.__annotations__.items() if k != "return"}, name
        assert (ours.__defaults__, ours.__kwdefaults__) == (twin.__defaults__, twin.__kwdefaults__)
