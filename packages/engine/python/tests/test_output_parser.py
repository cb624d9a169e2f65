"""Text, reasoning and tool calls of one answer, cut at every character."""

import json
from typing import Any

import pytest

from mlx_app.decoding.output_parser import Output, OutputParser
from mlx_app.mlx_lm_adapter.text import StartState
from mlx_app.models.text_model import TextModel
from tool_formats import TOOLS, family

CALL = '<tool_call>{"name": "now", "arguments": {}}</tool_call>'


@pytest.fixture(scope="module")
def tokenizer(hello: TextModel) -> Any:  # noqa: ANN401 — mlx-lm's, which has no types
    """A family that thinks and calls tools, as Qwen3."""
    return family(hello, "json_tools", "<think>", "</think>")


def collect(answer: OutputParser, segments: list[str], *, cut_off: bool = False) -> Output:
    whole = Output()
    for output in [*map(answer.feed, segments), answer.finish(cut_off=cut_off)]:
        whole.text += output.text
        whole.reasoning += output.reasoning
        whole.tool_calls += output.tool_calls
        whole.tool_errors += output.tool_errors
        whole.stopped = output.stopped
    return whole


def read(
    tokenizer: Any,  # noqa: ANN401
    text: str,
    starts_in: StartState = "normal",
    *,
    tools: bool = True,
    stops: tuple[str, ...] = (),
    cut_off: bool = False,
) -> tuple[str, str, list[str]]:
    """Text, reasoning and names of calls; the same wherever the text is cut."""
    cuts = [[text], list(text), *([text[:cut], text[cut:]] for cut in range(1, len(text)))]
    results = []
    for segments in cuts:
        answer = OutputParser(tokenizer, starts_in, tools=TOOLS if tools else (), stops=stops)
        output = collect(answer, segments, cut_off=cut_off)
        errors = [f"error: {error.raw}" for error in output.tool_errors]
        names = [call.name for call in output.tool_calls] + errors
        results.append((output.text, output.reasoning, names))
    assert all(result == results[0] for result in results)
    return results[0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello.\n", ("Hello.\n", "", [])),
        ("\n  Hello.", ("\n  Hello.", "", [])),
        ("<think>\nhm\n</think>\n\nYes.\n", ("Yes.\n", "hm", [])),
        ("<think>hm</think>Yes.", ("Yes.", "hm", [])),
        ("<think>\n\n</think>\n\nYes.", ("Yes.", "", [])),
        ("\n<think>a\n\nb</think>\nYes.", ("Yes.", "a\n\nb", [])),
        ("A\n\n<think>b</think>\n\nC", ("A\n\nC", "b", [])),
        ("A<think>b</think>\nC", ("A\nC", "b", [])),
        ("A <think>b </think>C<think>\nd</think>", ("A C", "b d", [])),
        (f"See.\n\n{CALL}\n{CALL}\n", ("See.", "", ["now", "now"])),
        (f"A\n{CALL} \n{CALL}\nB ", ("A\nB ", "", ["now", "now"])),
        (f"{CALL}", ("", "", ["now"])),
        (f"<think>a\n{CALL}\nb", ("b", "a", ["now"])),
        ("a < b <thin", ("a < b <thin", "", [])),
        ("<<think>a", ("<", "a", [])),
        ("<think>a</thin", ("", "a</thin", [])),
        ("<think>a", ("", "a", [])),
        ("<think>a\n", ("", "a\n", [])),
        ("</think>", ("</think>", "", [])),
        ("<tool_cal", ("<tool_cal", "", [])),
        ("x<tool_call></tool_cal", ("x", "", ["error: </tool_cal"])),
    ],
)
def test_an_answer_is_split_by_its_markers(
    tokenizer: Any,  # noqa: ANN401
    text: str,
    expected: tuple[str, str, list[str]],
) -> None:
    assert read(tokenizer, text) == expected


def test_reasoning_may_begin_in_the_prompt(tokenizer: Any) -> None:  # noqa: ANN401
    assert read(tokenizer, "\nhm\n</think>\n\nYes.", "reasoning") == ("Yes.", "hm", [])
    assert read(tokenizer, "hm", "reasoning") == ("", "hm", [])


def test_without_tools_a_call_is_text(tokenizer: Any) -> None:  # noqa: ANN401
    assert read(tokenizer, f"A\n{CALL}\nB", tools=False) == (f"A\n{CALL}\nB", "", [])


def test_without_markers_text_passes_at_once(hello: TextModel) -> None:
    answer = OutputParser(hello.tokenizer, "normal")
    for segment in [" a", "\n", "  ", "<", "tool_call>", "b "]:
        assert answer.feed(segment) == Output(text=segment)
    assert answer.finish() == Output()


@pytest.mark.parametrize(
    ("text", "stops", "expected"),
    [
        ("one two three", ("two",), ("one ", "", [])),
        ("one two three", ("e t", "two"), ("on", "", [])),
        ("ab", ("b", "ab"), ("", "", [])),
        ("one tw", ("two",), ("one tw", "", [])),
        ("<think>two\n\n</think>\n\none\n\ntwo", ("\n\n",), ("one", "two", [])),
        ("<think>two</think>one two", ("two",), ("one ", "two", [])),
        (f"{CALL}now", ("now",), ("", "", ["now"])),
        (f"ab{CALL}cd", ("bc",), ("a", "", ["now"])),
        (f"ab{CALL}bd", ("bc",), ("abbd", "", ["now"])),
        (f"a stop {CALL}", ("stop",), ("a ", "", [])),
        ("a\n<think>b</think>c", ("\n",), ("a", "", [])),
        ("two<think>b", ("tw",), ("", "", [])),
    ],
)
def test_stop_strings_are_looked_for_in_the_answer_alone(
    tokenizer: Any,  # noqa: ANN401
    text: str,
    stops: tuple[str, ...],
    expected: tuple[str, str, list[str]],
) -> None:
    assert read(tokenizer, text, stops=stops) == expected


def test_nothing_comes_after_a_stop_string(tokenizer: Any) -> None:  # noqa: ANN401
    answer = OutputParser(tokenizer, "normal", tools=TOOLS, stops=["."])
    assert answer.feed("Yes. No.") == Output(text="Yes", stopped=".")
    assert answer.feed("No") == Output(stopped=".")
    assert answer.finish() == Output(stopped=".")


def test_a_stop_of_line_breaks_is_met_at_once(tokenizer: Any) -> None:  # noqa: ANN401
    answer = OutputParser(tokenizer, "normal", stops=["\n"])
    assert answer.feed("one").text == "one"
    assert answer.feed("\n").stopped


def test_text_streams_and_white_space_waits(tokenizer: Any) -> None:  # noqa: ANN401
    answer = OutputParser(tokenizer, "normal", tools=TOOLS)
    assert answer.feed("Hello").text == "Hello"
    assert answer.feed(" ").text == ""
    assert answer.feed("you <").text == " you"
    assert answer.feed("3").text == " <3"


def test_the_state_tells_which_tokens_are_reasoning(tokenizer: Any) -> None:  # noqa: ANN401
    answer = OutputParser(tokenizer, "normal", tools=TOOLS)
    states = []
    for segment in ["Hm", "<think>", "a", "b", "</think>", "c", "<tool_call>", "d"]:
        states.append(answer.state)
        answer.feed(segment)
    assert states == [
        *["normal"] * 2,
        *["reasoning"] * 3,
        *["normal"] * 2,
        "tool",
    ]


def test_a_call_that_ends_with_the_text_is_a_call_if_it_is_whole(tokenizer: Any) -> None:  # noqa: ANN401
    text = '<tool_call>\n{"name": "now", "arguments": {}}\n'
    assert read(tokenizer, text) == ("", "", ["now"])
    # The tokens ran out: nobody knows what would have come.
    error = f"error: {text.removeprefix('<tool_call>')}"
    assert read(tokenizer, text, cut_off=True) == ("", "", [error])
    cut = text.rstrip().removesuffix("}")
    assert read(tokenizer, cut) == ("", "", [f"error: {cut.removeprefix('<tool_call>')}"])


def test_headers_are_no_text_unless_nothing_follows_them(hello: TextModel) -> None:
    """Muse Spark writes messages to itself, to tools and to the user."""
    muse = family(hello, "muse_spark")
    text = "to=self<|message|>Hm.<|eom|><|start|>assistant to=user<|message|>Yes.<|eot|>"
    assert read(muse, text, "header") == ("Yes.", "Hm.", [])
    assert read(muse, "Just text.", "header") == ("Just text.", "", [])
    call = '<atem:function_calls><atem:invoke name="now"></atem:invoke></atem:function_calls>'
    text = f"to=now<|message|>{call}<|eot|>"
    assert read(muse, text, "header") == ("", "", ["now"])
    assert read(muse, text, "header", tools=False) == (text, "", [])


def test_the_answers_of_the_hello_model_are_read(hello: TextModel, answers: dict[str, str]) -> None:
    tools: Any = family(hello, "json_tools")
    for text in answers.values():
        if "<tool_call>" in text:
            call = json.loads(text.split("\n")[1])
            answer = OutputParser(tools, "normal", tools=TOOLS)
            (read_call,) = collect(answer, list(text)).tool_calls
            assert (read_call.name, read_call.arguments) == (call["name"], call["arguments"])
        else:
            assert read(tools, text) == (text, "", [])
