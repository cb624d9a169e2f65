"""The next turn of a chat uses what is cached of an answer, however it was encoded."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from mlx_app.models.text_model import TextModel
from mlx_app.protocol import Generate, Message, PastCall, Tool
from mlx_app.worker.runner.model_runner import ModelRunner
from prompt_cache_run import run
from small_networks import hybrid, plain, sliding
from worker_parts import LARGE, Heard, call_of, finish, runner_of, start

MAKERS = {"plain": plain, "sliding": sliding, "hybrid": hybrid}
ANSWER_TOKENS = 40


@pytest.fixture(params=MAKERS)
def model(request: pytest.FixtureRequest, hello: TextModel) -> TextModel:
    vocabulary = len(hello.tokenizer)
    config = {"vocab_size": vocabulary, "max_position_embeddings": 65_536}
    return replace(hello, network=MAKERS[request.param](vocabulary), config=config)


@pytest.fixture
def runner(model: TextModel) -> Iterator[ModelRunner]:
    runner = runner_of(model, prompt_cache_bytes=LARGE)
    yield runner
    runner.close()


def chat(call_id: int, texts: list[str], **options: Any) -> Generate:  # noqa: ANN401
    messages = [
        Message(role="assistant" if index % 2 else "user", content=text)
        for index, text in enumerate(texts)
    ]
    options = {"max_tokens": ANSWER_TOKENS, **options}
    return Generate(id=call_id, model="hello", messages=messages, **options)


def asked(runner: ModelRunner, request: Generate) -> tuple[Heard, list[int]]:
    """What was told of a call, and the tokens of its prompt."""
    call = start(runner, request)
    return finish(runner)[request.id], call.prompt.tokens


def one_letter(model: TextModel) -> dict[str, float]:
    """A bias by which a model writes a letter again and again, although two of it are a token."""
    (single,) = model.tokenizer.encode("o", add_special_tokens=False)
    assert len(model.tokenizer.encode("oooo", add_special_tokens=False)) < 4
    return {str(single): 100.0}


def test_a_second_turn_reads_no_answer_again(model: TextModel, runner: ModelRunner) -> None:
    texts = ["Say hello."]
    bias = one_letter(model)
    first, prompt = asked(runner, chat(1, texts, logit_bias=bias))
    assert first.text() == "o" * ANSWER_TOKENS
    read = len(prompt)
    for turn in (2, 3):
        texts += ["o" * ANSWER_TOKENS, "Say it again."]
        heard, tokens = asked(runner, chat(turn, texts, logit_bias=bias))
        usage = heard.done[0].usage
        assert usage.cached_tokens == read + ANSWER_TOKENS
        assert tokens[:read] == prompt
        assert model.tokenizer.decode(tokens) == rendered(model, texts)
        prompt, read = tokens, len(tokens)


def rendered(model: TextModel, texts: list[str]) -> str:
    messages = [
        {"role": "assistant" if index % 2 else "user", "content": text}
        for index, text in enumerate(texts)
    ]
    return model.tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)


def test_the_answer_is_that_of_a_cold_run_on_the_same_tokens(
    model: TextModel, runner: ModelRunner
) -> None:
    texts = ["Say hello."]
    for turn in range(1, 5):
        heard, tokens = asked(runner, chat(turn, texts))
        (cold,) = run(
            model.network, [tokens], stop=model.tokenizer.eos_token_ids, max_tokens=ANSWER_TOKENS
        )
        text = heard.text()
        detokenizer = model.tokenizer.detokenizer
        for token in cold.tokens:
            detokenizer.add_token(token)
        detokenizer.finalize()
        assert text == detokenizer.last_segment
        texts += [text, "Go on."]


def test_an_edited_answer_is_encoded_anew(model: TextModel, runner: ModelRunner) -> None:
    bias = one_letter(model)
    asked(runner, chat(1, ["Say hello."], logit_bias=bias))
    for answer in ("o" * (ANSWER_TOKENS - 1), "o" * (ANSWER_TOKENS + 1), "p" * ANSWER_TOKENS):
        texts = ["Say hello.", answer, "Go on."]
        tokens = call_of(runner, chat(2, texts)).prompt.tokens
        assert tokens == model.tokenizer.encode(rendered(model, texts), add_special_tokens=False)


def test_a_call_without_the_cache_has_the_tokens_of_the_tokenizer(
    model: TextModel, runner: ModelRunner
) -> None:
    bias = one_letter(model)
    asked(runner, chat(1, ["Say hello."], logit_bias=bias))
    texts = ["Say hello.", "o" * ANSWER_TOKENS, "Go on."]
    expected = model.tokenizer.encode(rendered(model, texts), add_special_tokens=False)
    assert call_of(runner, chat(2, texts, prompt_cache=False)).prompt.tokens == expected
    assert call_of(runner, chat(3, texts)).prompt.tokens != expected
    runner.prefix_cache.trim_to(0)
    assert call_of(runner, chat(4, texts)).prompt.tokens == expected


def test_an_answer_that_a_stop_string_cut_is_encoded_anew(hello: TextModel) -> None:
    runner = runner_of(hello, prompt_cache_bytes=LARGE)
    heard, _ = asked(runner, chat(1, ["Tell me a story."], stop=["the"], max_tokens=200))
    assert heard.done[0].stop_string == "the"
    texts = ["Tell me a story.", heard.text(), "Go on."]
    tokens = call_of(runner, chat(2, texts)).prompt.tokens
    assert tokens == hello.tokenizer.encode(rendered(hello, texts), add_special_tokens=False)
    runner.close()


def test_an_answer_that_the_model_ended_is_used_whole(
    hello: TextModel, answers: dict[str, str]
) -> None:
    runner = runner_of(hello, prompt_cache_bytes=LARGE)
    heard, prompt = asked(runner, chat(1, ["Tell me a story."], max_tokens=400))
    assert heard.text() == answers["Tell me a story."]
    texts = ["Tell me a story.", heard.text(), "Say hello."]
    again, tokens = asked(runner, chat(2, texts, max_tokens=400))
    generated = heard.done[0].usage.completion_tokens
    assert again.done[0].usage.cached_tokens == len(prompt) + generated
    assert tokens[len(prompt) + generated - 1] in hello.tokenizer.eos_token_ids
    runner.close()


@pytest.mark.parametrize("options", [{}, {"parallel_tool_calls": False}])
def test_a_call_that_the_model_made_is_used_whole(
    hello: TextModel, options: dict[str, Any]
) -> None:
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}}
    tool = Tool(
        name="get_weather", description="The weather of a city, now.", parameters=parameters
    )
    question = Message(role="user", content="What is the weather in Bern?")
    runner = runner_of(hello, prompt_cache_bytes=LARGE)
    first = Generate(id=1, model="hello", messages=[question], tools=[tool], **options)
    heard, prompt = asked(runner, first)
    [call] = [call for piece in heard.pieces[0] for call in piece.tool_calls]
    past = PastCall(id="call_1", name=call.name, arguments=call.arguments)
    messages = [
        question,
        Message(role="assistant", content=heard.text(), tool_calls=[past]),
        Message(role="tool", content="sunny", tool_call_id=past.id, name=past.name),
    ]
    second = Generate(id=2, model="hello", messages=messages, tools=[tool], **options)
    known = call_of(runner, second).prompt.ends
    assert [tokens for _, tokens in known] == [
        len(prompt) + heard.done[0].usage.completion_tokens - (not options)
    ]
    runner.close()
