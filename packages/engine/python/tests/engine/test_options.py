"""What the Python API says of options that are not valid, before anything is computed."""

from typing import Any

import pytest
from pydantic import BaseModel

from engine_calls import ask, failing
from mlx_app import AsyncMLXEngine, MLXEngine

TOOL = {"name": "f", "parameters": {"type": "object"}}

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({}, "Give a prompt or messages."),
    ({"prompt": "a", "messages": ask("a")}, "Give a prompt or messages, not both."),
    ({"prompt": ""}, "prompt must be a text of at least 1 character, not ''."),
    ({"prompt": 5}, "prompt must be a text of at least 1 character, not 5."),
    ({"prompt": "a", "temperature": 3}, "temperature must be a number from 0 to 2, not 3."),
    (
        {"prompt": "a", "temperature": float("nan")},
        "temperature must be a finite number, not nan.",
    ),
    (
        {"prompt": "a", "deadline_ms": float("inf")},
        "deadline_ms must be a finite number, not inf.",
    ),
    ({"prompt": "a", "deadline_ms": 0}, "deadline_ms must be a number above 0, not 0."),
    ({"prompt": "a", "top_p": 0}, "top_p must be a number above 0 and at most 1, not 0."),
    (
        {"prompt": "a", "max_tokens": 0},
        "max_tokens must be an integer from 1 to 1,048,576, not 0.",
    ),
    (
        {"prompt": "a", "max_tokens": 1.5},
        "max_tokens must be an integer from 1 to 1,048,576, not 1.5.",
    ),
    ({"prompt": "a", "seed": -1}, "seed must be an integer from 0 to 4,294,967,295, not -1."),
    ({"prompt": "a", "top_k": 2**70}, "top_k must be at most 9,007,199,254,740,991, not"),
    (
        {"prompt": "a", "parallel_tool_calls": "no"},
        "parallel_tool_calls must be True or False, not 'no'.",
    ),
    (
        {"prompt": "a", "priority": "high"},
        "priority must be 'batch', 'interactive' or 'normal', not 'high'.",
    ),
    ({"prompt": "a", "stop": 7}, "stop must be a list of at most 64 items, not 7."),
    ({"prompt": "a", "stop": ["x"] * 65}, "stop must be a list of at most 64 items, not of 65."),
    (
        {"prompt": "a", "stop": "x" * 2000},
        "stop[0] must be a text of 1 to 1,024 characters, not of 2,000.",
    ),
    ({"prompt": "a", "logit_bias": [1]}, "logit_bias must be a dictionary, not [1]."),
    ({"prompt": "a", "logit_bias": {"x": 1}}, "Each key of logit_bias must be a token id."),
    (
        {"prompt": "a", "logit_bias": {1: 1000}},
        "Each value of logit_bias must be a number from -100 to 100.",
    ),
    ({"messages": "x"}, "messages must be a list of 1 to 10,000 items, not 'x'."),
    ({"messages": []}, "messages must be a list of 1 to 10,000 items, not of 0."),
    ({"messages": [5]}, "messages[0] must be a dictionary, not 5."),
    ({"messages": [{"role": "user"}]}, "messages[0] has no content."),
    (
        {"messages": [{"role": "robot", "content": "a"}]},
        "messages[0].role must be 'assistant', 'system', 'tool' or 'user', not 'robot'.",
    ),
    (
        {"messages": [{"role": "user", "content": 5}]},
        "messages[0].content must be a text or a list, not 5.",
    ),
    (
        {"messages": [{"role": "user", "content": "a", "text": "b"}]},
        "messages[0] can't have text.",
    ),
    (
        {"messages": [{"role": "user", "content": "a", "tool_call_id": "1"}]},
        "messages[0]: A message of the role 'user' can't have tool_call_id.",
    ),
    (
        {"messages": [{"role": "assistant", "content": "a", "tool_calls": 5}]},
        "messages[0].tool_calls must be a list of at most 128 items, not 5.",
    ),
    (
        {"messages": [{"role": "user", "content": [{"type": "video"}]}]},
        "messages[0].content[0].type must be 'text' or 'image', not 'video'.",
    ),
    (
        {"messages": [{"role": "user", "content": [{"type": "image", "image": "https://a/b"}]}]},
        "messages[0].content[0].image must be the path of a file, a data URL or bytes, not",
    ),
    (
        {"messages": [{"role": "user", "content": [{"type": "image", "image": "no-such.png"}]}]},
        "messages[0].content[0].image: Can't read the image no-such.png",
    ),
    ({"prompt": "a", "tools": 5}, "tools must be a list of at most 128 items, not 5."),
    ({"prompt": "a", "tools": [5]}, "tools[0] must be a dictionary, not 5."),
    (
        {"prompt": "a", "tools": [{"name": "a b"}]},
        "tools[0].name must be 1 to 64 letters, digits, _, . and -, not 'a b'.",
    ),
    ({"prompt": "a", "tools": [{"description": "a"}]}, "tools[0] has no name."),
    (
        {"prompt": "a", "tools": [{"name": "a", "parameters": 5}]},
        "tools[0].parameters must be a dictionary, not 5.",
    ),
    (
        {"prompt": "a", "tool_choice": "required"},
        "tool_choice requires a call, but there are no tools.",
    ),
    (
        {"prompt": "a", "tools": [TOOL], "tool_choice": {"name": "g"}},
        "tool_choice names 'g'. The tools are: f.",
    ),
    (
        {"prompt": "a", "tools": [TOOL], "tool_choice": {"function": "f"}},
        "tool_choice must be 'auto', 'none', 'required' or a dictionary with the name of a tool",
    ),
    (
        {"prompt": "a", "response_format": 5},
        "response_format must be a pydantic model or a dictionary with a type, not 5.",
    ),
    (
        {"prompt": "a", "response_format": {"type": "xml"}},
        "response_format.type must be 'json_object', 'json_schema', 'regex' or 'grammar', not",
    ),
    ({"prompt": "a", "response_format": {"type": "regex"}}, "response_format has no pattern."),
    ({"prompt": "a", "kv_bits": 7}, "kv_bits must be 2, 3, 4, 5, 6 or 8, not 7."),
    ({"prompt": "a", "kv_group_size": 48}, "kv_group_size must be 32, 64 or 128, not 48."),
    (
        {"prompt": "a", "kv_bits": 4, "draft_model": "hello"},
        "kv_bits and draft_model can't be combined.",
    ),
    (
        {"prompt": "a", "kv_bits": 4, "cache_file": "a.safetensors"},
        "cache_file and kv_bits can't be combined.",
    ),
    ({"prompt": "a", "cache_file": 5}, "cache_file must be a path, not 5."),
    (
        {"prompt": "a", "cache_file": ""},
        "cache_file must be a text of at least 1 character, not ''.",
    ),
    ({"prompt": "a", "adapter": 5}, "adapter must be a name or a path, not 5."),
    ({"prompt": "a", "model": 5}, "model must be a name or a path, not 5."),
    ({"prompt": "a", "template_options": {1: 2}}, "Each key of template_options must be a text."),
    ({"prompt": "a", "on_prompt_progress": 5}, "on_prompt_progress must be a function, not 5."),
    ({"prompt": "a\ud800"}, r"A text has '\ud800', which is half of a character."),
    ({"prompt": "a", "template_options": {"a": ...}}, "A value can't be converted to JSON"),
    (
        {"prompt": "a", "tools": [{"name": "a", "parameters": {"type": ...}}]},
        "A value can't be converted to JSON",
    ),
    ({"prompt": "a", "max_token": 5}, "There is no option max_token."),
    ({"prompt": "a", "tool_name": "f"}, "There is no option tool_name."),
    ({"prompt": "a", "id": 5}, "There is no option id."),
]


@pytest.mark.parametrize(("options", "message"), REFUSED, ids=[str(case[0]) for case in REFUSED])
def test_option_that_is_not_valid(engine: MLXEngine, options: dict[str, Any], message: str) -> None:
    for method in ("generate", "stream", "complete"):
        with failing("INVALID_REQUEST", f"{method}: {message}"):
            getattr(engine, method)(**options)
    with failing("INVALID_REQUEST", f"generate: {message}"):
        AsyncMLXEngine.of(engine).generate(**options)


def test_similar_option_is_named(engine: MLXEngine) -> None:
    with failing("INVALID_REQUEST") as caught:
        engine.generate("a", max_token=5)  # type: ignore[call-arg]
    assert caught.value.hint == "Did you mean max_tokens?"


CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    ("embed", ("text",), {}, "inputs must be a list of 1 to 2,048 items, not 'text'."),
    ("embed", (["a", 5],), {}, "inputs[1] must be a text of at least 1 character, not 5."),
    ("embed", ([],), {}, "inputs must be a list of 1 to 2,048 items, not of 0."),
    ("tokenise", (5,), {}, "text must be a text, not 5."),
    ("detokenise", ("12",), {}, "tokens must be a list of at most 1,048,576 items, not '12'."),
    ("detokenise", ([-1],), {}, "tokens[0] must be an integer of at least 0, not -1."),
    ("count_tokens", ("a",), {"max_tokens": 5}, "There is no option max_tokens."),
    ("count_tokens", (), {}, "Give a prompt or messages."),
    ("load_model", (5,), {}, "model must be a name or a path, not 5."),
    ("load_model", ("",), {}, "model must be a text of 1 to 1,024 characters, not ''."),
    ("load_model", ("hello",), {"pinned": 1}, "pinned must be True or False, not 1."),
    ("load_model", ("hello",), {"revision": 5}, "revision must be a text"),
    ("load_model", ("hello",), {"on_progress": 5}, "on_progress must be a function, not 5."),
    ("unload_model", (5,), {}, "model must be a name or a path, not 5."),
    ("download_model", ("a",), {"output": 5}, "output must be a path, not 5."),
    ("remove_model", (5,), {}, "model must be a name or a path, not 5."),
    ("clean_models", (), {"dry_run": 1}, "dry_run must be True or False, not 1."),
    ("generate_object", (int, "a"), {}, "schema must be a pydantic model, not <class 'int'>."),
]


@pytest.mark.parametrize(
    ("method", "positional", "named", "message"),
    CALLS,
    ids=[f"{c[0]} {c[1]} {c[2]}" for c in CALLS],
)
def test_argument_that_is_not_valid(
    engine: MLXEngine,
    method: str,
    positional: tuple[Any, ...],
    named: dict[str, Any],
    message: str,
) -> None:
    with failing("INVALID_REQUEST", message):
        getattr(engine, method)(*positional, **named)


ENGINES: list[tuple[dict[str, Any], str]] = [
    ({"model": 5}, "model must be a name or a path, not 5."),
    ({"device": "tpu"}, "device must be 'auto', 'cpu' or 'gpu', not 'tpu'."),
    ({"models_directory": 5}, "models_directory must be a path, not 5."),
    ({"memory_limit_bytes": -1}, "memory_limit_bytes must be an integer of at least 0, not -1."),
    (
        {"memory_limit_bytes": "8GB"},
        "memory_limit_bytes must be an integer of at least 0, not '8GB'.",
    ),
    ({"prompt_cache_bytes": 1.5}, "prompt_cache_bytes must be an integer of at least 0, not 1.5."),
    ({"queue_limit": 0}, "queue_limit must be an integer from 1 to 1,000,000, not 0."),
    ({"stall_timeout_ms": 0}, "stall_timeout_ms must be a number above 0, not 0."),
    ({"aliases": ["a"]}, "aliases must be a dictionary, not ['a']."),
    ({"aliases": {"a": 5}}, "Each value of aliases must be a text"),
    ({"aliases": {"a": []}}, "Each value of aliases must be a text"),
    ({"aliases": {"a": [{"model": "hello", "weight": -1}]}}, "aliases[...][0].weight"),
]


@pytest.mark.parametrize(("options", "message"), ENGINES, ids=[str(case[0]) for case in ENGINES])
def test_engine_option_that_is_not_valid(options: dict[str, Any], message: str) -> None:
    for kind in (MLXEngine, AsyncMLXEngine):
        with failing("INVALID_REQUEST", message):
            kind(**options)


def test_device_of_the_environment_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLX_DEVICE", "tpu")
    message = "The environment variable MLX_DEVICE must be 'auto', 'gpu' or 'cpu', not 'tpu'."
    with failing("INVALID_REQUEST", message):
        MLXEngine()


def test_call_without_a_model_says_how_to_load_one() -> None:
    with MLXEngine(device="cpu") as engine, failing("INVALID_REQUEST") as caught:
        engine.complete("a")
    assert caught.value.hint == 'Call engine.load_model("hello"), or pass model="hello".'


def test_none_counts_as_left_out(engine: MLXEngine) -> None:
    options: dict[str, Any] = {"seed": None, "stop": None, "tools": None, "tool_choice": None}
    answer = engine.complete(messages=ask("Say hello."), **options)
    assert answer.text == "Hello from a real MLX model!"


def test_model_that_json_schema_cannot_express(engine: MLXEngine) -> None:
    class Odd(BaseModel):
        model_config = {"arbitrary_types_allowed": True}
        value: MLXEngine

    with failing("INVALID_REQUEST", "Odd can't be converted to JSON Schema"):
        engine.generate_object(Odd, "a")


def test_an_argument_that_a_method_does_not_have_is_a_type_error(engine: MLXEngine) -> None:
    unknown: dict[str, Any] = {"modle": "hello"}
    for call in (MLXEngine, AsyncMLXEngine, engine.load_model, engine.embed):
        with pytest.raises(TypeError, match="unexpected keyword argument 'modle'"):
            call(**unknown)


def test_a_text_that_is_not_unicode_is_named(engine: MLXEngine) -> None:
    with failing(
        "INVALID_REQUEST", r"A text has '\udcf6', which is half of a character."
    ) as caught:
        engine.complete(b"k\xf6ln".decode(errors="surrogateescape"))
    assert caught.value.hint is not None
    assert "such as UTF-8" in caught.value.hint
