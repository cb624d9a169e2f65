"""Grammars for tool calls: mlx-lm's parsers read all that they allow, by the tool's schema."""

import importlib
import random
from collections.abc import Iterator, Sequence
from typing import Any

import mlx.core as mx
import numpy as np
import pytest

from mlx_app.decoding.constraints import Constraints
from mlx_app.errors import EngineError
from mlx_app.mlx_lm_adapter.models import Tokenizer, read_tokenizer
from mlx_app.mlx_lm_adapter.plain_tokenizer import plain_tokenizer
from mlx_app.models.text_model import TextModel
from mlx_app.protocol import Tool
from mlx_app.tools.tool_grammar import MAX_CALLS, tool_grammar
from schema_check import is_valid

WEATHER = Tool(
    name="get_weather",
    parameters={
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "Where"},
            "days": {"type": "integer", "minimum": 1, "maximum": 14},
            "unit": {"enum": ["celsius", "fahrenheit"], "type": "string"},
            "hourly": {"type": "boolean"},
            "height": {"type": "number", "minimum": -100, "maximum": 9000},
        },
        "required": ["city", "unit"],
        "additionalProperties": False,
    },
)
NOTE = Tool(
    name="note",
    parameters={
        "type": "object",
        "properties": {
            "text": {"type": "string", "minLength": 1, "maxLength": 30},
            "code": {"type": "string", "pattern": "^[A-Z]{3}-[0-9]{1,4}/x$"},
            "about": {"anyOf": [{"type": "string", "maxLength": 9}, {"type": "null"}]},
        },
        "required": ["code"],
    },
)
PING = Tool(name="ping", parameters={"type": "object", "additionalProperties": False})
PLAN = Tool(
    name="get_weather_plan",
    parameters={
        "type": "object",
        "properties": {
            "stops": {"type": "array", "items": {"$ref": "#/$defs/stop"}, "maxItems": 3},
            "first": {
                "type": "object",
                "properties": {"name": {"type": "string", "maxLength": 5}},
                "required": ["name"],
                "additionalProperties": False,
            },
            "tags": {"type": "array", "items": {"enum": ["a", "b"]}, "minItems": 1, "maxItems": 2},
        },
        "required": ["stops"],
        "additionalProperties": False,
        "$defs": {
            "stop": {
                "type": "object",
                "properties": {
                    "place": {"type": "string", "maxLength": 12},
                    "nights": {"type": "integer", "minimum": 0, "maximum": 99},
                    "via": {"type": "array", "items": {"$ref": "#/$defs/stop"}, "maxItems": 1},
                },
                "required": ["place"],
                "additionalProperties": False,
            }
        },
    },
)
FLAT = [WEATHER, NOTE, PING]
TOOLS = [*FLAT, PLAN]
FORMATS = [
    "json_tools", "longcat", "mistral", "kimi_k2", "kimi_k3", "gemma4", "function_gemma",
    "pythonic", "glm47", "laguna", "qwen3_coder", "minimax_m2", "muse_spark", "minicpm5",
]  # fmt: skip
# Tags that models of these formats have a token for.
TAGS = [
    "<tool_call>", "</tool_call>", "<arg_key>", "</arg_key>", "<arg_value>", "</arg_value>",
    "[TOOL_CALLS]", "[ARGS]", "<|tool_calls_section_begin|>", "<|tool_calls_section_end|>",
    "<|tool_call_begin|>", "<|tool_call_end|>", "<|tool_call_argument_begin|>", "<|open|>",
    "<|close|>", "<|sep|>", '<|"|>', "<escape>", "<|tool_call>", "<tool_call|>", "</parameter>",
    "<start_function_call>", "<end_function_call>", "<|tool_call_start|>", "<|tool_call_end|>",
    "<minimax:tool_call>", "</minimax:tool_call>", "</param>", "</atem:parameter>",
]  # fmt: skip
# What a random walk tries now and then, so that it comes to an end.
ENDS = [
    '"', "}", "]", ")", "</arg_value>", "\n</parameter>\n", "</parameter>", "</param>",
    "]]></param>", "</atem:parameter>", "<escape>", '<|"|>', "ABC-1/x", "</tool_call>",
    "</function>", "</invoke>", "<|close|>json<|sep|>", "<|tool_call_end|>",
]  # fmt: skip


@pytest.fixture(scope="module", params=["text", "tokens"])
def tokenizer(request: pytest.FixtureRequest, hello: TextModel) -> Tokenizer:
    """A tokenizer that has the tags of the formats as text, or as tokens."""
    tokenizer = read_tokenizer(hello.path, hello.config)
    if request.param == "tokens":
        plain_tokenizer(tokenizer).add_tokens(TAGS)
    return tokenizer


@pytest.fixture(scope="module")
def constraints(tokenizer: Tokenizer) -> Constraints:
    return Constraints(tokenizer, len(tokenizer))


def grammar_of(
    constraints: Constraints,
    name: str,
    tools: Sequence[Tool],
    **options: Any,  # noqa: ANN401
) -> str:
    parser = importlib.import_module(f"mlx_lm.tool_parsers.{name}")
    given: dict[str, Any] = {"tool_name": None, "parallel": False, **options}
    return tool_grammar(
        name,
        tools,
        start=parser.tool_call_start,
        end=parser.tool_call_end,
        token_of=constraints.token_of,
        **given,
    )


def walk(
    constraints: Constraints, tokenizer: Tokenizer, grammar: str, seed: int, more: bool = False
) -> str:
    """A random text of the grammar; with `more` one that rather goes on where it could end."""
    processor = constraints.compile_lark(grammar).processor(0)
    logits = mx.zeros((1, len(tokenizer)))
    (end_of_text,) = tokenizer.eos_token_ids
    dice = random.Random(seed)
    tokens: list[int] = []
    planned: list[int] = []
    for _ in range(4000):
        processed = processor(mx.array(tokens, mx.uint32), logits)
        allowed = {int(token) for token in np.flatnonzero(np.array(processed)[0] == 0)}
        if allowed == {end_of_text} or (
            end_of_text in allowed and dice.random() < (0.2 if more else 0.7)
        ):
            return tokenizer.decode(tokens)
        if not planned and dice.random() < 0.35:
            planned = tokenizer.encode(dice.choice(ENDS), add_special_tokens=False)
        if planned and planned[0] in allowed:
            token = planned.pop(0)
        else:
            planned = []
            token = dice.choice(sorted(allowed - {end_of_text}))
        tokens.append(token)
    raise AssertionError(f"no end: {tokenizer.decode(tokens)!r}")


def parsed(name: str, text: str, tools: Sequence[Tool]) -> Iterator[dict[str, Any]]:
    """The calls in a text, as mlx-lm's parser reads what stands between its markers."""
    parser = importlib.import_module(f"mlx_lm.tool_parsers.{name}")
    start, end = parser.tool_call_start, parser.tool_call_end
    offered = [
        {"type": "function", "function": {"name": tool.name, "parameters": tool.parameters}}
        for tool in tools
    ]
    rest = text
    while rest:
        assert rest.startswith(start), rest
        raw, _, rest = rest[len(start) :].partition(end) if end else (rest[len(start) :], "", "")
        rest = rest.lstrip()
        result = parser.parse_tool_call(raw, offered)
        yield from result if isinstance(result, list) else [result]


def tools_of(name: str) -> list[Tool]:
    return FLAT if name == "function_gemma" else TOOLS


def assert_calls(name: str, text: str, tools: Sequence[Tool]) -> list[str]:
    """Asserts that mlx-lm's parser reads right calls of these tools, and gives their names."""
    schemas = {tool.name: tool.parameters for tool in tools}
    calls = list(parsed(name, text, tools))
    for call in calls:
        assert is_valid(call["arguments"], schemas[call["name"]], schemas[call["name"]]), text
    return [call["name"] for call in calls]


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
        ("glm47", Tool(name="f", parameters={"type": "array"}), "its schema is not an object"),
    ],
)
def test_what_a_format_cannot_express_is_refused(name: str, tool: Tool, message: str) -> None:
    with pytest.raises(EngineError, match=message) as caught:
        tool_grammar(name, [tool], None, False, "<tool_call>", "</tool_call>", lambda _: None)
    assert caught.value.code == "UNSUPPORTED"
    assert caught.value.hint == 'toolChoice "auto" works.'


def test_a_tool_that_is_not_there_is_named() -> None:
    with pytest.raises(EngineError, match="no tool dance; there are: ping, note"):
        tool_grammar("json_tools", [PING, NOTE], "dance", False, "<a>", "</a>", lambda _: None)
    with pytest.raises(EngineError, match="there are: none"):
        tool_grammar("json_tools", [], None, False, "<a>", "</a>", lambda _: None)


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
