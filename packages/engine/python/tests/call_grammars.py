"""Tools, the formats of their calls, and random texts of grammars for them."""

import importlib
import random
from collections.abc import Iterator, Sequence
from typing import Any

import mlx.core as mx
import numpy as np

from mlx_app.decoding.constraints import Constraints, Grammar
from mlx_app.mlx_lm_adapter.models import Tokenizer, read_tokenizer
from mlx_app.mlx_lm_adapter.plain_tokenizer import plain_tokenizer
from mlx_app.models.text_model import TextModel
from mlx_app.protocol import Tool
from mlx_app.tools.tool_grammar import CallSyntax, tool_grammar
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


def tokenizer_with_tags(hello: TextModel) -> Tokenizer:
    """The tokenizer of hello with a token for each tag of the formats."""
    tokenizer = read_tokenizer(hello.path, hello.config)
    plain_tokenizer(tokenizer).add_tokens(TAGS)
    return tokenizer


def grammar_of(
    constraints: Constraints,
    name: str,
    tools: Sequence[Tool],
    **options: Any,  # noqa: ANN401
) -> str:
    given: dict[str, Any] = {"tool_name": None, "parallel": False, **options}
    return tool_grammar(syntax_of(constraints, name), tools, **given)


def syntax_of(constraints: Constraints, name: str) -> CallSyntax:
    """How mlx-lm's parser of this name reads calls."""
    parser = importlib.import_module(f"mlx_lm.tool_parsers.{name}")
    return CallSyntax(name, parser.tool_call_start, parser.tool_call_end, constraints.token_of)


def walk(
    constraints: Constraints, tokenizer: Tokenizer, grammar: str, seed: int, more: bool = False
) -> str:
    """A random text of the grammar; with `more` one that rather goes on where it could end."""
    return walk_through(constraints.compile_lark(grammar), tokenizer, seed, more)


def walk_through(grammar: Grammar, tokenizer: Tokenizer, seed: int, more: bool = False) -> str:
    """The same for a grammar that is compiled."""
    processor = grammar.processor(0)
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


def accepts(grammar: Grammar, tokenizer: Tokenizer, text: str) -> bool:
    """Whether a text is a whole text of a grammar."""
    (end,) = tokenizer.eos_token_ids
    tokens = [*tokenizer.encode(text, add_special_tokens=False), end]
    processor = grammar.processor(0)
    logits = mx.zeros((1, len(tokenizer)))
    return all(
        processor(mx.array(tokens[:length], mx.uint32), logits)[0, token].item() == 0
        for length, token in enumerate(tokens)
    )


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


def assert_calls(name: str, text: str, tools: Sequence[Tool]) -> list[str]:
    """Asserts that mlx-lm's parser reads right calls of these tools, and gives their names."""
    schemas = {tool.name: tool.parameters for tool in tools}
    calls = list(parsed(name, text, tools))
    for call in calls:
        assert is_valid(call["arguments"], schemas[call["name"]], schemas[call["name"]]), text
    return [call["name"] for call in calls]
