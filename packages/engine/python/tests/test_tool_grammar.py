"""Grammars for tool calls: mlx-lm's parsers read all that they allow, by the tool's schema."""

import importlib

import mlx.core as mx
import numpy as np
import pytest

from call_grammars import (
    FLAT,
    FORMATS,
    NOTE,
    PING,
    TOOLS,
    WEATHER,
    assert_calls,
    grammar_of,
    tokenizer_with_tags,
    walk,
)
from mlx_app.decoding.constraints import Constraints
from mlx_app.errors import EngineError
from mlx_app.mlx_lm_adapter.models import Tokenizer, read_tokenizer
from mlx_app.models.text_model import TextModel
from mlx_app.protocol import Tool
from mlx_app.tools.tool_grammar import MAX_CALLS, CallSyntax, tool_grammar


@pytest.fixture(scope="module", params=["text", "tokens"])
def tokenizer(request: pytest.FixtureRequest, hello: TextModel) -> Tokenizer:
    """A tokenizer that has the tags of the formats as text, or as tokens."""
    if request.param == "tokens":
        return tokenizer_with_tags(hello)
    return read_tokenizer(hello.path, hello.config)


@pytest.fixture(scope="module")
def constraints(tokenizer: Tokenizer) -> Constraints:
    return Constraints(tokenizer, len(tokenizer))


def tools_of(name: str) -> list[Tool]:
    return FLAT if name == "function_gemma" else TOOLS


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
@pytest.mark.parametrize("name", FORMATS)
def test_what_a_grammar_allows_the_parser_reads(
    name: str, tool: Tool, constraints: Constraints, tokenizer: Tokenizer
) -> None:
    if tool not in tools_of(name):
        with pytest.raises(EngineError, match=r"'stops' of get_weather_plan .*function_gemma"):
            grammar_of(constraints, name, [tool])
        return
    grammar = grammar_of(constraints, name, TOOLS, tool_name=tool.name)
    for seed in range(5):
        text = walk(constraints, tokenizer, grammar, seed)
        assert assert_calls(name, text, TOOLS) == [tool.name]


@pytest.mark.parametrize("name", FORMATS)
def test_one_of_the_tools_is_called_or_several_where_that_is_allowed(
    name: str, constraints: Constraints, tokenizer: Tokenizer
) -> None:
    tools = [PING, WEATHER]
    one = grammar_of(constraints, name, tools)
    several = grammar_of(constraints, name, tools, parallel=True)
    alone = [assert_calls(name, walk(constraints, tokenizer, one, i), tools) for i in range(8)]
    assert sorted({tuple(names) for names in alone}) == [("get_weather",), ("ping",)]
    counts = (
        len(assert_calls(name, walk(constraints, tokenizer, several, seed, more=True), tools))
        for seed in range(20)
    )
    assert any(1 < count <= MAX_CALLS for count in counts)


def tool_of(argument: str = "a", schema: object = True, name: str = "find") -> Tool:
    return Tool(name=name, parameters={"type": "object", "properties": {argument: schema}})


def plain_syntax(name: str) -> CallSyntax:
    """A syntax whose markers are text."""
    return CallSyntax(name, "<tool_call>", "</tool_call>", lambda _: None)


@pytest.mark.parametrize(
    ("name", "tool", "message"),
    [
        ("harmony", PING, r"can't be enforced in this model's format \(harmony\)"),
        (
            "pythonic",
            tool_of(name="get-it"),
            r"get-it .*\(pythonic\): its name is not valid in Python",
        ),
        ("pythonic", tool_of("class"), "'class' of find .*not valid in Python"),
        ("mistral", tool_of(name="a.b"), r"a\.b .*\(mistral\)"),
        ("gemma4", tool_of("a-b"), "'a-b' of find"),
        ("gemma4", tool_of("a", {"allOf": [{}]}), "'a' of find .*allOf"),
        ("function_gemma", tool_of("a", {"type": "array"}), "'a' of find .*array"),
        ("glm47", tool_of("a b"), "'a b' of find"),
        ("qwen3_coder", tool_of("a", {"type": "string", "not": {}}), "'a' of find .*text with not"),
        ("qwen3_coder", tool_of("a", {"anyOf": [{"type": "integer"}]}), "types are integer"),
        ("minimax_m2", tool_of("a", {"type": ["string", "integer"]}), "types are integer, string"),
        ("minicpm5", tool_of("a", {"$ref": "#/$defs/a"}), "'a' of find"),
        ("glm47", tool_of("a", {"type": "string", "pattern": "a|^b"}), r"\^ or \$ inside"),
        ("glm47", Tool(name="f", parameters={"anyOf": []}), r"call of f .*\(glm47\): anyOf"),
    ],
)
def test_what_a_format_cannot_express_is_refused(name: str, tool: Tool, message: str) -> None:
    with pytest.raises(EngineError, match=message) as caught:
        tool_grammar(plain_syntax(name), [tool], None, False)
    assert caught.value.code == "UNSUPPORTED"
    assert caught.value.hint == 'toolChoice "auto" works.'


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    ("parameters", "types"),
    [
        ({"type": "array"}, "array"),
        ({"enum": ["a", 1]}, "integer, string"),
        (
            {
                "anyOf": [{"type": "string"}, {"$ref": "#/$defs/a"}],
                "$defs": {"a": {"type": "null"}},
            },
            "null, string",
        ),
    ],
)
def test_a_tool_must_take_an_object(name: str, parameters: dict[str, object], types: str) -> None:
    tools = [PING, Tool(name="f", parameters=parameters)]
    message = f"The schema of the tool f must be of an object, not of: {types}."
    with pytest.raises(EngineError) as caught:
        tool_grammar(plain_syntax(name), tools, None, False)
    assert caught.value.message == message
    assert caught.value.code == "INVALID_REQUEST"


def test_a_tool_that_is_not_there_is_named() -> None:
    with pytest.raises(EngineError, match="no tool dance; there are: ping, note"):
        tool_grammar(plain_syntax("json_tools"), [PING, NOTE], "dance", False)
    with pytest.raises(EngineError, match="there are: none"):
        tool_grammar(plain_syntax("json_tools"), [], None, False)


def test_a_schema_that_nothing_meets_is_refused(hello: TextModel) -> None:
    constraints = Constraints(hello.tokenizer, hello.vocabulary)
    tool = Tool(
        name="f",
        parameters={
            "type": "object",
            "properties": {"a": {"type": "integer", "minimum": 2, "maximum": 1}},
            "required": ["a"],
        },
    )
    text = grammar_of(constraints, "json_tools", [tool])
    with pytest.raises(
        EngineError, match=r"schema of the tools can't .*property 'a' is unsat"
    ) as caught:
        constraints.compile_lark(text, "schema of the tools")
    assert caught.value.code == "INVALID_REQUEST"


def test_the_markers_of_the_model_are_its_tokens(hello: TextModel) -> None:
    constraints = Constraints(hello.tokenizer, hello.vocabulary)
    marker = constraints.token_of("<tool_call>")
    assert marker == hello.tokenizer.get_vocab()["<tool_call>"]
    processor = constraints.compile_lark(grammar_of(constraints, "json_tools", [PING])).processor(0)
    allowed = processor(mx.zeros((0,), mx.uint32), mx.zeros((1, hello.vocabulary)))
    assert np.flatnonzero(np.array(allowed)[0] == 0).tolist() == [marker]


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("qwen3_coder", "\n<function=f>\n<parameter=a>\n{}\n</parameter>\n</function>\n"),
        ("minimax_m2", '\n<invoke name="f">\n<parameter name="a">{}</parameter>\n</invoke>\n'),
        ("minicpm5", '"f"><param name="a">{}</param>'),
        ("muse_spark", '\n<atem:invoke name="f">\n<atem:parameter name="a">{}</atem:parameter>\n'),
    ],
)
def test_text_that_the_parser_takes_for_something_else_is_not_allowed(
    name: str, call: str, hello: TextModel
) -> None:
    constraints = Constraints(hello.tokenizer, hello.vocabulary)
    tool = tool_of("a", {"type": "string"}, name="f")
    grammar = constraints.compile_lark(grammar_of(constraints, name, [tool]))
    start = importlib.import_module(f"mlx_lm.tool_parsers.{name}").tool_call_start

    def accepts(value: str) -> bool:
        text = start + call.format(value)
        tokens = hello.tokenizer.encode(text, add_special_tokens=False)
        processor = grammar.processor(0)
        return all(
            processor(mx.array(tokens[:end], mx.uint32), logits)[0, token].item() == 0
            for end, token in enumerate(tokens)
        )

    logits = mx.zeros((1, hello.vocabulary))
    assert accepts("Bern")
    assert accepts("nullify")
    assert not accepts("null")
    assert accepts("NULL") == (name == "muse_spark")  # that parser reads JSON, in small letters
    assert accepts("12") == (name != "muse_spark")
