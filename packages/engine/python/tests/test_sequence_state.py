"""From the tokens of one sequence to what its caller sees."""

from collections.abc import Sequence
from typing import Any, Literal

import mlx.core as mx
import pytest

from mlx_app.decoding.output_parser import OutputParser
from mlx_app.mlx_lm_adapter.batch import Token
from mlx_app.models.text_model import TextModel
from mlx_app.protocol import Generate, Piece, Tool
from mlx_app.worker.runner.sequence import SequenceState, SequenceUpdate

WEATHER = Tool(name="weather", parameters={"type": "object"})
BERN = '<tool_call>{"name": "weather", "arguments": {"city": "Bern"}}</tool_call>'
ROME = '<tool_call>{"name": "weather", "arguments": {"city": "Rome"}}</tool_call>'


def sequence_of(hello: TextModel, **options: Any) -> SequenceState:  # noqa: ANN401
    request = Generate(id=7, model="hello", prompt="a", **options)
    parser = OutputParser(hello.tokenizer, "normal", tools=request.tools, stops=request.stop)
    return SequenceState(request, 1, hello, parser)


def tokens_of(hello: TextModel, text: str, end: Literal["stop", "length"] = "stop") -> list[Token]:
    """Tokens of a text, as a model that gives each other token no chance would write it."""
    ids = hello.tokenizer.encode(text, add_special_tokens=False)
    if end == "stop":
        ids.append(min(hello.tokenizer.eos_token_ids))
    places = mx.arange(hello.vocabulary)
    return [
        Token(
            0,
            token,
            end if place == len(ids) - 1 else None,
            mx.where(places == token, -0.25, mx.where(places == 5, -2.0, -30.0)),
        )
        for place, token in enumerate(ids)
    ]


def take(sequence: SequenceState, tokens: Sequence[Token]) -> list[SequenceUpdate]:
    """Takes tokens until the sequence has ended, as its runner does."""
    taken: list[SequenceUpdate] = []
    for token in tokens:
        taken.append(sequence.add(token))
        if taken[-1].finish_reason is not None:
            break
    assert [one.finish_reason for one in taken[:-1]] == [None] * (len(taken) - 1)
    return taken


def pieces(taken: list[SequenceUpdate]) -> list[Piece]:
    return [one.piece for one in taken if one.piece is not None]


def text(taken: list[SequenceUpdate]) -> str:
    return "".join(piece.text for piece in pieces(taken))


@pytest.mark.parametrize("end", ["stop", "length"])
def test_the_text_is_complete_and_has_its_finish_reason(
    hello: TextModel, end: Literal["stop", "length"]
) -> None:
    taken = take(sequence_of(hello), tokens_of(hello, "Bern, 🚀 and é.", end))
    assert text(taken) == "Bern, 🚀 and é."
    assert taken[-1].finish_reason == end
    assert {(piece.id, piece.index) for piece in pieces(taken)} == {(7, 1)}


def test_what_was_held_back_comes_with_the_last_token(hello: TextModel) -> None:
    # It might have become a stop string, and a marker of a call.
    for options in ({"stop": ["hell!"]}, {"tools": [WEATHER]}):
        words = "oh hell" if "stop" in options else "oh <tool_c"
        taken = take(sequence_of(hello, **options), tokens_of(hello, words, "length"))
        assert text(taken) == words
        assert text(taken[:-1]) != words


def test_half_a_character_at_the_end_becomes_u_fffd(hello: TextModel) -> None:
    rocket = tokens_of(hello, "🚀", "length")
    assert len(rocket) > 1
    cut = [*rocket[:-2], Token(0, rocket[-2].token, "length", rocket[-2].logprobs)]
    assert text(take(sequence_of(hello), cut)).strip("\ufffd") == ""


def test_a_stop_string_ends_it(hello: TextModel) -> None:
    sequence = sequence_of(hello, stop=["end"])
    tokens = tokens_of(hello, "This is the end of it.")
    taken = take(sequence, tokens)
    assert text(taken) == "This is the "
    assert taken[-1].finish_reason == "stop"
    assert len(sequence.tokens) == len(taken) < len(tokens)


def test_a_stop_string_in_the_last_token_is_a_stop(hello: TextModel) -> None:
    taken = take(sequence_of(hello, stop=["end"]), tokens_of(hello, "the end", "length"))
    assert text(taken) == "the "
    assert taken[-1].finish_reason == "stop"


def test_each_token_has_its_log_probabilities(hello: TextModel) -> None:
    tokens = tokens_of(hello, "Hello you")
    taken = take(sequence_of(hello, logprobs=2), tokens)
    told = [logprob for piece in pieces(taken) for logprob in piece.logprobs]
    assert [one.token_id for one in told] == [token.token for token in tokens]
    assert [one.logprob for one in told] == [-0.25] * len(tokens)
    for one in told:
        assert [other.token_id for other in one.top] == [one.token_id, 5]
        assert [other.logprob for other in one.top] == [-0.25, -2.0]
    assert "".join(one.token for one in told[:-1]) == "Hello you"


def test_log_probabilities_come_while_text_is_held_back(hello: TextModel) -> None:
    taken = take(sequence_of(hello, logprobs=0, stop=["Hello you!"]), tokens_of(hello, "Hello you"))
    assert [len(one.piece.logprobs) if one.piece else 0 for one in taken] == [1] * len(taken)
    assert [one.top for piece in pieces(taken) for one in piece.logprobs] == [[]] * len(taken)
    assert text(taken[:-1]) == ""
    assert text(taken) == "Hello you"


def test_log_probabilities_are_returned_only_on_request(hello: TextModel) -> None:
    taken = take(sequence_of(hello), tokens_of(hello, "Hello you"))
    assert all(piece.logprobs == [] for piece in pieces(taken))


def cities(taken: list[SequenceUpdate]) -> list[object]:
    return [call.arguments["city"] for piece in pieces(taken) for call in piece.tool_calls]


def test_calls_are_complete_and_set_the_finish_reason(hello: TextModel) -> None:
    taken = take(sequence_of(hello, tools=[WEATHER]), tokens_of(hello, f"Wait.{BERN}{ROME}"))
    assert text(taken) == "Wait."
    assert cities(taken) == ["Bern", "Rome"]
    assert taken[-1].finish_reason == "tool_calls"


def test_without_parallel_calls_the_first_one_ends_it(hello: TextModel) -> None:
    sequence = sequence_of(hello, tools=[WEATHER], parallel_tool_calls=False)
    tokens = tokens_of(hello, f"Wait.{BERN}{ROME}")
    taken = take(sequence, tokens)
    assert cities(taken) == ["Bern"]
    assert taken[-1].finish_reason == "tool_calls"
    assert len(taken) < len(tokens)


@pytest.mark.parametrize(
    ("options", "written", "known"),
    [
        ({"parallel_tool_calls": False}, f"Wait.{BERN}{ROME}", f"Wait.{BERN}"),
        ({"tool_choice": "required", "tool_name": "weather"}, f"{BERN}{ROME}", BERN),
        ({"tool_choice": "required"}, f"{BERN}{ROME}{BERN}", f"{BERN}{ROME}"),
    ],
)
def test_what_was_generated_up_to_the_limit_of_calls_is_known(
    options: dict[str, Any], written: str, known: str, hello: TextModel
) -> None:
    sequence = sequence_of(hello, tools=[WEATHER], **options)
    taken = take(sequence, tokens_of(hello, written))
    assert taken[-1].finish_reason == "tool_calls"
    assert sequence.generated is not None
    text, tokens = sequence.generated
    assert text == known
    assert hello.tokenizer.decode(tokens) == known


def test_calls_that_are_cut_off_do_not_set_the_finish_reason(hello: TextModel) -> None:
    taken = take(
        sequence_of(hello, tools=[WEATHER]), tokens_of(hello, f"{BERN}<tool_call>", "length")
    )
    assert cities(taken) == ["Bern"]
    assert taken[-1].finish_reason == "length"
    assert [error.raw for piece in pieces(taken) for error in piece.tool_errors] == [""]


def test_the_times_and_tokens_are_counted(hello: TextModel) -> None:
    sequence = sequence_of(hello)
    tokens = tokens_of(hello, "Hello you")
    drafted = [
        Token(token.uid, token.token, token.finish_reason, token.logprobs, from_draft=True)
        for token in tokens[1:]
    ]
    take(sequence, [tokens[0], *drafted])
    assert sequence.tokens == [token.token for token in tokens]
    assert sequence.draft_tokens == len(drafted)
    assert sequence.reasoning_tokens == 0
    assert 0 < sequence.first < sequence.last
