"""Tool calls in every format that mlx-lm reads: complete, cut everywhere, and broken."""

import time
from functools import cache
from typing import Any

import pytest

from mlx_app.decoding.output_parser import Output, OutputParser
from mlx_app.mlx_lm_adapter.text import ToolParser, start_state, tool_formats, tool_parser
from mlx_app.models.text_model import TextModel
from mlx_app.protocol import Tool, ToolCall
from mlx_app.tools.tool_calls import read_calls
from tool_formats import EXAMPLES, MALFORMED, TOOLS, Example, family


@pytest.fixture(scope="module")
def families(hello: TextModel) -> Any:  # noqa: ANN401 — a function that remembers
    return cache(lambda name: family(hello, name))


def parser_of(tokenizer: Any) -> ToolParser:  # noqa: ANN401
    parser = tool_parser(tokenizer)
    assert parser is not None
    return parser


def streamed(tokenizer: Any, segments: list[str], *, cut_off: bool = False) -> Output:  # noqa: ANN401
    answer = OutputParser(tokenizer, start_state(tokenizer, [1]), tools=TOOLS)
    whole = Output()
    for output in [*map(answer.feed, segments), answer.finish(cut_off=cut_off)]:
        whole.text += output.text
        whole.reasoning += output.reasoning
        whole.tool_calls += output.tool_calls
        whole.tool_errors += output.tool_errors
    return whole


def assert_example(example: Example, output: Output) -> None:
    assert output.tool_errors == []
    assert [(call.name, call.arguments) for call in output.tool_calls] == example.calls
    assert output.text == example.before + example.after
    ids = [call.id for call in output.tool_calls]
    assert len(set(ids)) == len(ids)
    if example.ids:
        assert ids == example.ids
    else:
        assert all(identity.startswith("call_") for identity in ids)


def label(example: Example) -> str:
    return f"{example.format}-{len(example.text)}"


def test_every_format_has_examples_and_broken_calls() -> None:
    formats = tool_formats()
    assert len(formats) == 14
    assert sorted({example.format for example in EXAMPLES}) == formats
    assert sorted(MALFORMED) == formats


@pytest.mark.parametrize("example", EXAMPLES, ids=label)
def test_calls_are_read_wherever_their_text_is_cut(families: Any, example: Example) -> None:  # noqa: ANN401
    tokenizer = families(example.format)
    text = example.text
    assert_example(example, streamed(tokenizer, [text]))
    assert_example(example, streamed(tokenizer, list(text)))
    for cut in range(1, len(text)):
        assert_example(example, streamed(tokenizer, [text[:cut], text[cut:]]))


@pytest.mark.parametrize(
    "example", [e for e in EXAMPLES if e.format != "mistral" and not e.after], ids=label
)
def test_a_call_comes_with_its_end_marker(families: Any, example: Example) -> None:  # noqa: ANN401
    tokenizer = families(example.format)
    answer = OutputParser(tokenizer, start_state(tokenizer, [1]), tools=TOOLS)
    assert len(answer.feed(example.text).tool_calls) == len(example.calls)


@pytest.mark.parametrize(
    ("name", "raw"), [(name, raw) for name, raws in MALFORMED.items() for raw in raws]
)
def test_what_is_no_call_is_reported_whole(families: Any, name: str, raw: str) -> None:  # noqa: ANN401
    tokenizer = families(name)
    parser = parser_of(tokenizer)
    text = f"{parser.start}{raw}{parser.end}"
    for segments in ([text], list(text)):
        output = streamed(tokenizer, segments)
        assert output.tool_calls == []
        assert [error.raw for error in output.tool_errors] == [raw]
        assert output.tool_errors[0].message.startswith("Not a tool call: ")
        assert output.text == ""


@pytest.mark.parametrize("example", EXAMPLES, ids=label)
def test_a_text_that_breaks_off_gives_no_call_that_was_not_written(
    families: Any,  # noqa: ANN401
    example: Example,
) -> None:
    tokenizer = families(example.format)
    parser = parser_of(tokenizer)
    for cut in range(1, len(example.text)):
        text = example.text[:cut]
        output = streamed(tokenizer, [text], cut_off=True)
        calls = [(call.name, call.arguments) for call in output.tool_calls]
        assert calls == example.calls[: len(calls)]
        if text.count(parser.start) > text.count(parser.end) > 0 or (
            not parser.end and parser.start in text and not calls
        ):
            assert len(output.tool_errors) == 1
        for error in output.tool_errors:
            assert error.raw in text


@pytest.mark.parametrize("name", tool_formats())
def test_without_tools_markers_are_text(families: Any, name: str) -> None:  # noqa: ANN401
    tokenizer = families(name)
    parser = parser_of(tokenizer)
    text = f"a {parser.start}b{parser.end} c"
    answer = OutputParser(tokenizer, "normal")
    shown = "".join(answer.feed(character).text for character in text) + answer.finish().text
    assert shown == text


def test_a_good_call_beside_a_broken_one_is_kept(families: Any) -> None:  # noqa: ANN401
    raw = (
        '[{"name": "now", "arguments": {}}, {"name": "nowhere", "arguments": {}}, 5, '
        '{"name": "get_weather", "arguments": "{\\"city\\": \\"Bern\\"}", "id": "a"}]'
    )
    calls, errors = read_calls(raw, parser_of(families("json_tools")), TOOLS)
    assert [(call.name, call.arguments) for call in calls] == [
        ("now", {}),
        ("get_weather", {"city": "Bern"}),
    ]
    assert calls[1].id == "a"
    assert [error.raw for error in errors] == [raw, raw]
    assert "there is no tool 'nowhere'; there are: get_current_temperature" in errors[0].message


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("json_tools", '{"name": "now"}'),
        ("json_tools", '{"name": "now", "arguments": {"a": 1, "a": 2}}'),
        ("json_tools", '{"name": "now", "arguments": {}, "id": "\\u0000"}'),
        ("json_tools", '{"name": "now", "arguments": {}, "id": 7}'),
        ("glm47", '{"name": "now", "arguments": {}}'),
    ],
)
def test_small_slips_are_no_errors(families: Any, name: str, raw: str) -> None:  # noqa: ANN401
    calls, errors = read_calls(raw, parser_of(families(name)), TOOLS)
    assert errors == []
    assert [call.name for call in calls] == ["now"]
    assert calls[0].id.startswith("call_")


def test_a_schema_that_parsers_do_not_expect_breaks_no_call(families: Any) -> None:  # noqa: ANN401
    odd = [
        Tool(name="now", parameters={"properties": {"a": True, "b": {}}}),
        Tool(name="other", parameters={"properties": []}),
    ]
    for example in EXAMPLES:
        if ("now", {}) in example.calls:
            tokenizer = families(example.format)
            answer = OutputParser(tokenizer, "normal", tools=odd)
            calls: list[ToolCall] = answer.feed(example.text).tool_calls
            calls += answer.finish().tool_calls
            assert "now" in [call.name for call in calls]


# Each of these took one of mlx-lm's parsers from seconds to minutes.
HOSTILE = [
    ("gemma4", "call:f{" * 20_000),
    ("gemma4", "call:f{" + 'a:<|"|>x<|"|>,' * 20_000 + "}"),
    ("function_gemma", "call:now{" * 20_000),
    ("function_gemma", "call:now{" + "a:1," * 200_000 + "}"),
    ("glm47", "x<arg_key>a</arg_key>" * 20_000),
    ("glm47", '{"a": "' + "x<arg_key>a</arg_key>" * 20_000 + '"}'),
    ("longcat", "<longcat_arg_key>k</longcat_arg_key>" * 20_000),
    ("kimi_k3", "<|open|>call" * 20_000),
    ("kimi_k3", "<|open|>call" * 20_000 + "<|tool_call_argument_begin|>"),
    ("kimi_k3", "<|open|>call <|sep|>" * 20_000),
    (
        "kimi_k3",
        '<|open|>call tool="now"<|sep|><|open|>argument key="a"<|sep|>'
        + "<|open|>json " * 50_000
        + "<|close|>argument<|sep|><|close|>call<|sep|>",
    ),
    ("muse_spark", "<atem:invoke" * 20_000),
    ("muse_spark", '<atem:invoke name="a">' + "<atem:parameter" * 20_000),
    ("muse_spark", '<atem:invoke name="a"><atem:parameter ' + 'name="a" ' * 20_000),
    ("minicpm5", "a>" + "<param name=a>" * 20_000),
    ("minicpm5", "a" * 300_000 + '"b>'),
    ("minimax_m2", '<invoke name="a">' + "<parameter name=" * 20_000 + "</invoke>"),
    ("qwen3_coder", "<function=a>" + "<parameter=" * 20_000 + "</function>"),
    ("json_tools", "[" * 1_000_001),
    ("json_tools", '{"name": "now", "arguments": {"a": ' + "[" * 500 + "]" * 500 + "}}"),
    ("pythonic", "[now(a=" + "(" * 50_000),
]


@pytest.mark.parametrize(("name", "raw"), HOSTILE, ids=lambda value: value[:40])
def test_hostile_text_takes_no_time(families: Any, name: str, raw: str) -> None:  # noqa: ANN401
    parser = parser_of(families(name))
    start = time.process_time()
    calls, errors = read_calls(raw, parser, TOOLS)
    assert time.process_time() - start < 2
    assert len(calls) + len(errors) > 0
