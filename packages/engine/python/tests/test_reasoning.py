"""The limit on reasoning, on a real model with real sampling."""

from collections.abc import Sequence
from pathlib import Path

import mlx.core as mx
import pytest
from mlx_lm import stream_generate
from mlx_lm.generate import BatchGenerator, make_stop_sequences

from mlx_app.decoding.output_parser import OutputParser
from mlx_app.decoding.reasoning import reasoning_budget
from mlx_app.errors import EngineError
from mlx_app.mlx_lm_adapter.sampling import Processor
from mlx_app.mlx_lm_adapter.text import think_tokens
from mlx_app.models.text_model import TextModel
from mlx_app.prompt.chat_prompt import ChatPrompt, chat_prompt
from mlx_app.protocol import Message
from thinking_hello import thinking_hello
from tool_formats import family

COUNT = "Count to ten."


@pytest.fixture(scope="module")
def thinking(models: Path, tmp_path_factory: pytest.TempPathFactory) -> TextModel:
    return thinking_hello(models, tmp_path_factory.mktemp("thinking") / "hello")


def prompt(model: TextModel, question: str = COUNT, **options: bool) -> ChatPrompt:
    messages = [Message(role="user", content=question)]
    return chat_prompt(model.tokenizer, messages, template_options=options)


def budget_of(model: TextModel, asked: ChatPrompt, budget: int) -> Processor:
    processor = reasoning_budget(model.tokenizer, asked.starts_in, len(asked.tokens), budget)
    assert processor is not None
    return processor


def generate(
    model: TextModel,
    asked: ChatPrompt,
    processors: Sequence[Processor],
) -> list[int]:
    responses = stream_generate(
        model.network,
        model.tokenizer,
        asked.tokens,
        max_tokens=40,
        logits_processors=list(processors),
    )
    return [response.token for response in responses if response.finish_reason != "stop"]


def endless(model: TextModel) -> Processor:
    """Keeps the model from ending: an answer that it was not taught may have any length."""
    ends = mx.array(sorted(model.tokenizer.eos_token_ids))

    def never_ends(_: mx.array, logits: mx.array, /) -> mx.array:
        return mx.put_along_axis(logits, ends[None], mx.array(-mx.inf, logits.dtype), axis=-1)

    return never_ends


def read_answer(model: TextModel, asked: ChatPrompt, tokens: list[int]) -> tuple[str, str, int]:
    """Text, reasoning and the number of tokens of it, counted as a worker would."""
    answer = OutputParser(model.tokenizer, asked.starts_in)
    detokenizer = model.tokenizer.detokenizer
    text = reasoning = ""
    reasoning_tokens = 0
    for token in tokens:
        reasoning_tokens += answer.state == "reasoning"
        detokenizer.add_token(token)
        output = answer.feed(detokenizer.last_segment)
        text += output.text
        reasoning += output.reasoning
    output = answer.finish()
    return text + output.text, reasoning + output.reasoning, reasoning_tokens


@pytest.mark.parametrize("budget", [0, 1, 3, 10])
def test_reasoning_ends_with_its_budget_and_the_answer_follows(
    thinking: TextModel, budget: int
) -> None:
    asked = prompt(thinking)
    assert asked.starts_in == "reasoning"
    goes_on = endless(thinking)
    free = generate(thinking, asked, [goes_on])
    tokens = generate(thinking, asked, [goes_on, budget_of(thinking, asked, budget)])
    think = think_tokens(thinking.tokenizer)
    assert think is not None
    assert tokens[:budget] == free[:budget]
    assert tokens[budget] == think.end[0] != free[budget]
    text, reasoning, reasoning_tokens = read_answer(thinking, asked, tokens)
    assert reasoning == thinking.tokenizer.decode(tokens[:budget])
    assert reasoning_tokens == budget + 1  # the marker was written while it thought
    assert len(text) > 10
    # The last token may be a part of a character, whose rest never came.
    assert text == thinking.tokenizer.decode(tokens[budget + 1 :]).lstrip().removesuffix("\ufffd")


def test_a_budget_that_is_not_used_up_changes_nothing(thinking: TextModel) -> None:
    asked = prompt(thinking, "What is MLX?")
    goes_on = endless(thinking)
    free = generate(thinking, asked, [goes_on])
    assert generate(thinking, asked, [goes_on, budget_of(thinking, asked, len(free))]) == free


def test_without_a_budget_left_the_model_can_not_begin_to_think(thinking: TextModel) -> None:
    asked = prompt(thinking, enable_thinking=False)
    assert asked.starts_in == "normal"
    think = think_tokens(thinking.tokenizer)
    assert think is not None
    (start,) = think.start

    def eager(_: mx.array, logits: mx.array, /) -> mx.array:
        return logits + 100 * (mx.arange(logits.shape[-1]) == start)

    assert generate(thinking, asked, [eager])[0] == start
    assert start not in generate(thinking, asked, [eager, budget_of(thinking, asked, 0)])
    # One token of reasoning, then never again.
    tokens = generate(thinking, asked, [eager, budget_of(thinking, asked, 1)])
    assert tokens.count(start) == 2  # the second one is thought, not begun
    assert tokens[:3] == [start, start, think.end[0]]


def test_it_is_forced_against_another_processor(thinking: TextModel) -> None:
    asked = prompt(thinking)
    think = think_tokens(thinking.tokenizer)
    assert think is not None

    def never_ends(_: mx.array, logits: mx.array, /) -> mx.array:
        return mx.where(mx.arange(logits.shape[-1]) == think.end[0], -mx.inf, logits)

    tokens = generate(thinking, asked, [never_ends, budget_of(thinking, asked, 2)])
    assert tokens[2] == think.end[0]
    assert len(tokens) > 5


def test_draft_tokens_that_are_taken_back_are_not_counted(thinking: TextModel) -> None:
    """Speculative decoding gives one draft token wrong, then the same place again."""
    asked = prompt(thinking)
    processor = budget_of(thinking, asked, 3)
    logits = mx.zeros((1, 512))
    think = think_tokens(thinking.tokenizer)
    assert think is not None

    def forced(generated: list[int]) -> bool:
        result = processor(mx.array(asked.tokens + generated), logits)
        return bool((result == -mx.inf).any().item())

    assert not forced([])
    assert not forced([20])
    assert not forced([20, 21])
    assert forced([20, 21, 22])
    assert not forced([20])
    assert not forced([20, 31])
    assert forced([20, 31, 32])
    assert not forced([20, think.end[0], 33, 34])
    assert forced([20, 31, 32])
    # A longer text that is another one in its middle.
    assert forced([20, 31, 32, 33])
    assert not forced([20, think.end[0], 32, 33, 34])


def test_in_a_batch_only_its_own_text_is_bounded(thinking: TextModel) -> None:
    asked = prompt(thinking)
    batch = BatchGenerator(thinking.network)
    end = make_stop_sequences(thinking.tokenizer)
    processors = [[], [budget_of(thinking, asked, 4)]]
    uids = batch.insert(
        [asked.tokens] * 2,
        max_tokens=[40] * 2,
        logits_processors=processors,
        stop_sequences=[end] * 2,
    )
    texts: dict[int, list[int]] = {uid: [] for uid in uids}
    unfinished = set(uids)
    while unfinished:
        for response in batch.next()[1]:
            if response.finish_reason != "stop":
                texts[response.uid].append(response.token)
            if response.finish_reason is not None:
                unfinished.discard(response.uid)
    batch.close()
    assert texts[uids[0]] == generate(thinking, asked, [])
    assert texts[uids[1]] == generate(thinking, asked, [budget_of(thinking, asked, 4)])


def test_markers_of_several_tokens_are_written_one_after_the_other(hello: TextModel) -> None:
    tokenizer = family(hello, "kimi_k3")
    think = think_tokens(tokenizer)
    assert think is not None
    assert len(think.start) > 2
    assert len(think.end) > 2
    processor = reasoning_budget(tokenizer, "normal", 1, 2)
    assert processor is not None
    logits = mx.zeros((1, 1024))
    tokens = [0, *think.start, 5, 6]
    for token in think.end:
        result = processor(mx.array(tokens), logits)
        assert result.argmax().item() == token
        tokens.append(token)
    assert mx.array_equal(processor(mx.array(tokens), logits), logits)
    tokens += think.start[:-1]
    assert processor(mx.array(tokens), logits)[0, think.start[-1]].item() == -mx.inf
    # What the model wrote of the end itself is not written again.
    begun = reasoning_budget(tokenizer, "reasoning", 1, 2)
    assert begun is not None
    result = begun(mx.array([0, 5, think.end[0]]), logits)
    assert result.argmax().item() == think.end[1]


def test_a_model_that_does_not_think_needs_no_bound(hello: TextModel) -> None:
    assert reasoning_budget(hello.tokenizer, "normal", 4, 10) is None
    with pytest.raises(EngineError, match="does not mark its reasoning") as caught:
        reasoning_budget(family(hello, "muse_spark"), "header", 4, 10)
    assert caught.value.code == "UNSUPPORTED"


def test_a_marker_that_the_model_has_no_logits_for_is_an_error(hello: TextModel) -> None:
    processor = reasoning_budget(family(hello, "kimi_k3"), "reasoning", 1, 0)
    assert processor is not None
    with pytest.raises(ValueError, match="no probability"):
        processor(mx.array([0]), mx.zeros((1, 512)))
