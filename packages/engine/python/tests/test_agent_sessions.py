"""In the session of an agent, each turn reads little more than what is new in it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import pytest

from agent_sessions import SESSIONS, TURNS, Request
from mlx_app.models.text_model import TextModel
from mlx_app.prompt.chat_prompt import chat_prompt
from mlx_app.prompt.volatile_lines import move_volatile_lines
from mlx_app.protocol import Generate, Message
from mlx_app.worker.runner.model_runner import ModelRunner
from small_networks import hybrid, plain, sliding
from worker_parts import LARGE, finish, runner_of, start

MAKERS = {"plain": plain, "sliding": sliding, "hybrid": hybrid}
ANSWER_TOKENS = 200


@pytest.fixture(scope="module", params=MAKERS)
def model(request: pytest.FixtureRequest, hello: TextModel) -> TextModel:
    """A network of random weights that reads and writes the hello model's tokens."""
    vocabulary = len(hello.tokenizer)
    config = {"vocab_size": vocabulary, "max_position_embeddings": 65_536}
    return replace(hello, network=MAKERS[request.param](vocabulary), config=config)


@pytest.fixture
def warm(model: TextModel) -> Iterator[ModelRunner]:
    runner = runner_of(model, prompt_cache_bytes=LARGE)
    yield runner
    runner.close()


@pytest.fixture
def cold(model: TextModel) -> Iterator[ModelRunner]:
    runner = runner_of(model)
    yield runner
    runner.close()


def answer(
    runner: ModelRunner,
    turn: int,
    request: Request,
    volatile_lines: Literal["move", "keep"] = "move",
) -> tuple[str, int, int]:
    """The text, and the tokens of the prompt and of its cached part."""
    asked = Generate(
        id=turn,
        model="hello",
        messages=request.messages,
        tools=request.tools,
        volatile_lines=volatile_lines,
        max_tokens=6,
    )
    start(runner, asked)
    heard = finish(runner)[turn]
    usage = heard.done[0].usage
    return heard.text(), usage.prompt_tokens, usage.cached_tokens


def old_tokens(model: TextModel, before: Request, now: Request) -> int:
    """The tokens of the messages with which both requests begin, but for the volatile lines."""
    first, second = (move_volatile_lines(asked.messages).lasting for asked in (before, now))
    same = next(
        (i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b),
        min(len(first), len(second)),
    )
    whole = chat_prompt(model.tokenizer, second, tools=now.tools, for_cache=False)
    ends = chat_prompt(model.tokenizer, second[:same], tools=now.tools, for_cache=False)
    pairs = zip(whole.tokens, ends.tokens, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), len(ends.tokens))


def test_without_moving_lines_a_turn_reads_all_of_the_chat(hello: TextModel) -> None:
    runner = runner_of(hello, prompt_cache_bytes=LARGE)
    for turn in (5, 6):
        request = SESSIONS["opencode"](turn)
        _, prompt, cached = answer(runner, turn, request, volatile_lines="keep")
    assert cached < prompt / 2
    runner.close()


def test_texts_that_differ_in_one_place_share_what_is_before_it(
    model: TextModel, warm: ModelRunner, cold: ModelRunner
) -> None:
    """From the third one on, if the caches can't be cut: the second one shows the place."""
    shared = "A text of many words, of which the last ones differ. " * 8
    for turn in range(1, 5):
        asked = Generate(id=turn, model="hello", prompt=f"{shared}Number {turn}.", max_tokens=6)
        heard = []
        for runner in (warm, cold):
            start(runner, asked)
            heard.append(finish(runner)[turn])
        assert heard[0].text() == heard[1].text()
    usage = heard[0].done[0].usage
    assert usage.cached_tokens >= len(model.tokenizer.encode(shared)) - 1


@pytest.mark.parametrize("session", SESSIONS)
def test_each_turn_reads_what_is_new(
    session: str, model: TextModel, warm: ModelRunner, cold: ModelRunner
) -> None:
    asked = [SESSIONS[session](turn) for turn in range(1, TURNS + 1)]
    for turn, request in enumerate(asked):
        text, prompt, cached = answer(warm, turn, request)
        assert answer(cold, turn, request) == (text, prompt, 0)
        if turn > 0:
            new = prompt - old_tokens(model, asked[turn - 1], request)
            assert prompt - cached <= 1.1 * new, f"turn {turn + 1}"


def read_anew(model: TextModel, volatile_lines: Literal["move", "keep"]) -> int:
    """The tokens that the turns after the first one read, with the model's own answers."""
    first, *_ = SESSIONS["claude_code"](1).messages
    assert isinstance(first.content, str)
    changing = ("x-anthropic-billing-header", "<system_warning>")
    lines = [line for line in first.content.splitlines() if not line.startswith(changing)]
    messages = [Message(role="system", content="\n".join(lines)), _user("Make the tests green.")]
    (letter,) = model.tokenizer.encode("o", add_special_tokens=False)
    runner = runner_of(model, prompt_cache_bytes=LARGE)
    read = 0
    for turn in range(1, 4):
        asked = Generate(
            id=turn,
            model="hello",
            messages=messages,
            volatile_lines=volatile_lines,
            max_tokens=ANSWER_TOKENS,
            logit_bias={str(letter): 100.0},
        )
        start(runner, asked)
        heard = finish(runner)[turn]
        usage = heard.done[0].usage
        read += usage.prompt_tokens - usage.cached_tokens if turn > 1 else 0
        messages += [Message(role="assistant", content=heard.text()), _user("Go on.")]
    runner.close()
    return read


def _user(text: str) -> Message:
    return Message(role="user", content=text)


def test_moving_lines_reads_no_answer_again_where_nothing_changes(model: TextModel) -> None:
    kept = read_anew(model, "keep")
    assert kept < ANSWER_TOKENS
    assert read_anew(model, "move") <= kept
