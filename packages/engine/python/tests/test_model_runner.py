"""The calls of one model: a failing one fails alone, and siblings share a prompt."""

from collections.abc import Iterator
from pathlib import Path

import mlx.core as mx
import pytest

from decoding import tiny_llama, with_network
from mlx_app.decoding.sampling import make_sampler
from mlx_app.errors import EngineError
from mlx_app.mlx_lm_adapter.batch import Batch
from mlx_app.models.text_model import TextModel
from mlx_app.protocol import Event, Generate, PromptProgress
from mlx_app.worker.runner import sampling
from mlx_app.worker.runner.model_runner import MAX_UNBATCHED, ModelRunner
from worker_parts import LARGE, Heard, call_of, finish, request, runner_of, start, step

HELLO = "Say hello."
STORY = "Tell me a story."


@pytest.fixture
def runner(hello: TextModel) -> Iterator[ModelRunner]:
    runner = runner_of(hello)
    yield runner
    runner.close()


def reason(heard: Heard) -> str:
    assert heard.error is not None
    assert heard.done == {}
    return heard.error.message


# What one call does wrong


def test_a_sampler_that_raises_fails_its_own_call_alone(
    runner: ModelRunner, answers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = iter(range(100))

    def broken(logprobs: mx.array, /) -> mx.array:
        if next(steps) == 3:
            raise ValueError("a broken sampler")
        return mx.argmax(logprobs, axis=-1)

    monkeypatch.setattr(
        sampling,
        "make_sampler",
        lambda asked, *rest: broken if asked.id == 2 else make_sampler(asked, *rest),
    )
    for call_id in (1, 2, 3):
        start(runner, request(call_id, HELLO))
    heard = finish(runner)
    assert heard[1].text() == heard[3].text() == answers[HELLO]
    assert "a broken sampler" in reason(heard[2])
    assert answers[HELLO].startswith(heard[2].text())


def test_a_processor_that_raises_fails_its_own_call_alone(
    runner: ModelRunner, answers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: mx.array, logits: mx.array, /) -> mx.array:
        raise ValueError(f"a broken processor of {logits.shape}")

    monkeypatch.setattr(
        sampling, "make_processors", lambda asked: [broken] if asked.id == 2 else []
    )
    for call_id in (1, 2, 3):
        start(runner, request(call_id, HELLO))
    heard = finish(runner)
    assert heard[1].text() == heard[3].text() == answers[HELLO]
    assert "a broken processor" in reason(heard[2])


def test_a_step_that_fails_fails_its_calls_and_the_next_one_works(
    runner: ModelRunner, answers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    start(runner, request(1, HELLO, n=3))
    start(runner, request(2, HELLO))
    beside = start(runner, request(3, HELLO, kv_bits=8, kv_group_size=32))

    def fail(_: Batch) -> None:
        raise RuntimeError("[malloc] Unable to allocate 9 bytes.")

    heard: dict[int, Heard] = {}
    with monkeypatch.context() as patch:
        patch.setattr(Batch, "step", fail)
        step(runner, heard)
    assert {call_id: one.error.code for call_id, one in heard.items() if one.error} == {
        1: "OUT_OF_MEMORY",
        2: "OUT_OF_MEMORY",
    }
    assert runner.calls == [beside]
    start(runner, request(4, HELLO, n=2))
    finish(runner, heard)
    assert heard[4].text(0) == heard[4].text(1) == answers[HELLO]
    assert heard[3].error is None


# Several sequences


def test_siblings_answer_as_one_would(runner: ModelRunner, answers: dict[str, str]) -> None:
    start(runner, request(1, STORY, n=3))
    start(runner, request(2, HELLO))
    heard = finish(runner)
    assert [heard[1].text(index) for index in range(3)] == [answers[STORY]] * 3
    assert sorted(heard[1].done) == [0, 1, 2]
    assert heard[2].text() == answers[HELLO]


def test_siblings_of_a_seed_differ_and_repeat(runner: ModelRunner) -> None:
    start(runner, request(1, STORY, n=3, temperature=1.5, seed=7, max_tokens=30))
    start(runner, request(2, STORY, n=2, temperature=1.5, seed=7, max_tokens=30))
    heard = finish(runner)
    texts = [heard[1].text(index) for index in range(3)]
    assert len(set(texts)) == 3
    assert [heard[2].text(index) for index in range(2)] == texts[:2]


def test_the_prompt_of_siblings_is_prefilled_once(hello: TextModel) -> None:
    told: list[Event] = []
    runner = runner_of(hello, told.append)
    asked = request(1, HELLO * 300, n=4, max_tokens=2, prompt_progress=True)
    call = start(runner, asked)
    heard = finish(runner)
    runner.close()
    total = len(call.prompt.tokens)
    positions = [e.processed_tokens for e in told if isinstance(e, PromptProgress)]
    assert positions == sorted(set(positions))
    assert positions[-1] == total
    assert sorted(heard[1].done) == [0, 1, 2, 3]
    assert {done.usage.prompt_tokens for done in heard[1].done.values()} == {total}


def test_siblings_of_a_prompt_that_is_known_start_at_once(
    hello: TextModel, answers: dict[str, str]
) -> None:
    runner = runner_of(hello, prompt_cache_bytes=LARGE)
    start(runner, request(1, HELLO))
    finish(runner)
    call = start(runner, request(2, HELLO, n=2))
    heard = finish(runner)
    runner.close()
    assert call.cached_tokens == len(call.prompt.tokens) - 1
    assert heard[2].text(0) == heard[2].text(1) == answers[HELLO]


# Removal


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 5, 9])
@pytest.mark.parametrize("options", [{}, {"n": 3}, {"kv_bits": 8, "kv_group_size": 32}])
def test_a_call_can_go_in_any_state(
    runner: ModelRunner, answers: dict[str, str], steps: int, options: dict[str, int]
) -> None:
    start(runner, request(1, STORY))
    gone = start(runner, request(2, HELLO * 60, max_tokens=50, **options))
    heard: dict[int, Heard] = {}
    for _ in range(steps):
        step(runner, heard)
    runner.remove(gone)
    before = [len(pieces) for pieces in heard.get(2, Heard()).pieces.values()]
    runner.remove(gone)
    finish(runner, heard)
    assert heard[1].text() == answers[STORY]
    assert [len(pieces) for pieces in heard.get(2, Heard()).pieces.values()] == before
    assert runner.cache_bytes == 0


def test_a_call_that_is_over_leaves_nothing(runner: ModelRunner) -> None:
    call = start(runner, request(1, STORY, stop=["once", "time"]))
    heard = finish(runner)
    assert heard[1].done[0].finish_reason == "stop"
    assert call.ended
    assert not runner.running
    assert runner.cache_bytes == 0
    assert runner.free_slots == Batch.size


# Places


def test_a_batch_has_a_limited_number_of_slots(runner: ModelRunner) -> None:
    start(runner, request(1, STORY, n=Batch.size - 1))
    assert runner.has_slot(call_of(runner, request(2, HELLO)))
    assert not runner.has_slot(call_of(runner, request(2, HELLO, n=2)))
    assert runner.has_slot(call_of(runner, request(2, HELLO, n=2, kv_bits=8)))


def test_only_a_few_sequences_run_unbatched(runner: ModelRunner) -> None:
    quantised = {"kv_bits": 8, "kv_group_size": 32}
    for call_id in range(MAX_UNBATCHED):
        assert runner.has_slot(call_of(runner, request(call_id, HELLO, **quantised)))
        start(runner, request(call_id, HELLO, **quantised))
    assert not runner.has_slot(call_of(runner, request(9, HELLO, **quantised)))
    assert runner.has_slot(call_of(runner, request(9, HELLO)))
    finish(runner)
    # One call with more than that gets them when nobody else is there.
    assert runner.has_slot(call_of(runner, request(9, HELLO, n=MAX_UNBATCHED + 3, **quantised)))


def test_long_and_short_prompts_are_not_padded_to_one_another(
    runner: ModelRunner, answers: dict[str, str]
) -> None:
    long = start(runner, request(1, HELLO * 1500, max_tokens=300))
    short = [start(runner, request(2 + index, STORY)) for index in range(3)]
    assert len(long.prompt.tokens) > 4096
    heard: dict[int, Heard] = {}
    while not all(call_id in heard for call_id in (1, 2, 3, 4)):
        step(runner, heard)
    size = runner.loaded.cache_size
    most = size.bytes(len(long.prompt.tokens) + 300) + size.bytes(512, len(short))
    assert runner.cache_bytes <= most < size.bytes(len(long.prompt.tokens), 4)
    assert runner.memory_need(long, None).batch != runner.memory_need(short[0], None).batch
    finish(runner, heard)
    assert [heard[call.id].text() for call in short] == [answers[STORY]] * 3


# What is refused


def test_a_draft_model_of_another_vocabulary_fails_its_call(
    hello: TextModel, runner: ModelRunner, answers: dict[str, str]
) -> None:
    start(runner, request(1, HELLO))
    with pytest.raises(EngineError) as raised:
        start(runner, request(2, HELLO, kv_bits=8, kv_group_size=64))
    assert raised.value.code in ("UNSUPPORTED", "INVALID_REQUEST")
    other = runner_of(with_network(hello, tiny_llama()))
    with pytest.raises(EngineError) as raised:
        start(runner, request(3, HELLO, draft_model="other", cache_file="a"), other)
    assert raised.value.code == "UNSUPPORTED"
    assert finish(runner)[1].text() == answers[HELLO]


def test_a_prompt_that_is_longer_than_the_context_is_the_callers_mistake(
    runner: ModelRunner,
) -> None:
    with pytest.raises(EngineError) as raised:
        runner.input_processor.process(Generate(id=1, model="hello", prompt=" " * 200_000))
    assert raised.value.code == "CONTEXT_LENGTH_EXCEEDED"


def test_a_file_is_written_while_siblings_go_on(
    runner: ModelRunner, answers: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "prompt.safetensors"
    start(runner, request(1, HELLO, n=2, cache_file=str(file)))
    heard = finish(runner)
    assert heard[1].text(0) == heard[1].text(1) == answers[HELLO]
    call = start(runner, request(2, HELLO, cache_file=str(file)))
    assert call.cached_tokens == len(call.prompt.tokens) - 1
    assert finish(runner)[2].text() == answers[HELLO]
