"""The calls of one model: what one does wrong is its own, and what they share."""

from collections.abc import Iterator
from pathlib import Path

import mlx.core as mx
import pytest

from decoding import tiny_llama, with_network
from mlx_app.decoding.sampling import make_sampler
from mlx_app.errors import EngineError
from mlx_app.mlx_lm_adapter.batch import Batch
from mlx_app.models.text_model import ReadModel
from mlx_app.protocol import Event, Generate, PromptProgress
from mlx_app.worker.runner import sampling
from mlx_app.worker.runner.call import Call
from mlx_app.worker.runner.model_runner import MOST_ALONE, Serving
from worker_parts import LARGE, Heard, finish, request, serving_of, start, step

HELLO = "Say hello."
STORY = "Tell me a story."


@pytest.fixture
def serving(hello: ReadModel) -> Iterator[Serving]:
    serving = serving_of(hello)
    yield serving
    serving.close()


def reason(heard: Heard) -> str:
    assert heard.error is not None
    assert heard.done == {}
    return heard.error.message


# What one call does wrong


def test_a_sampler_that_raises_fails_its_own_call_alone(
    serving: Serving, answers: dict[str, str], monkeypatch: pytest.MonkeyPatch
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
        start(serving, request(call_id, HELLO))
    heard = finish(serving)
    assert heard[1].text() == heard[3].text() == answers[HELLO]
    assert "a broken sampler" in reason(heard[2])
    assert answers[HELLO].startswith(heard[2].text())


def test_a_processor_that_raises_fails_its_own_call_alone(
    serving: Serving, answers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: mx.array, logits: mx.array, /) -> mx.array:
        raise ValueError(f"a broken processor of {logits.shape}")

    monkeypatch.setattr(
        sampling, "make_processors", lambda asked: [broken] if asked.id == 2 else []
    )
    for call_id in (1, 2, 3):
        start(serving, request(call_id, HELLO))
    heard = finish(serving)
    assert heard[1].text() == heard[3].text() == answers[HELLO]
    assert "a broken processor" in reason(heard[2])


def test_a_step_that_fails_fails_its_calls_and_the_next_one_works(
    serving: Serving, answers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    start(serving, request(1, HELLO, n=3))
    start(serving, request(2, HELLO))
    beside = start(serving, request(3, HELLO, kv_bits=8, kv_group_size=32))

    def fail(_: Batch) -> None:
        raise RuntimeError("[malloc] Unable to allocate 9 bytes.")

    heard: dict[int, Heard] = {}
    with monkeypatch.context() as patch:
        patch.setattr(Batch, "step", fail)
        step(serving, heard)
    assert {call_id: one.error.code for call_id, one in heard.items() if one.error} == {
        1: "OUT_OF_MEMORY",
        2: "OUT_OF_MEMORY",
    }
    assert serving.calls() == [beside]
    start(serving, request(4, HELLO, n=2))
    finish(serving, heard)
    assert heard[4].text(0) == heard[4].text(1) == answers[HELLO]
    assert heard[3].error is None


# Several sequences


def test_siblings_answer_as_one_would(serving: Serving, answers: dict[str, str]) -> None:
    start(serving, request(1, STORY, n=3))
    start(serving, request(2, HELLO))
    heard = finish(serving)
    assert [heard[1].text(index) for index in range(3)] == [answers[STORY]] * 3
    assert sorted(heard[1].done) == [0, 1, 2]
    assert heard[2].text() == answers[HELLO]


def test_siblings_of_a_seed_differ_and_repeat(serving: Serving) -> None:
    start(serving, request(1, STORY, n=3, temperature=1.5, seed=7, max_tokens=30))
    start(serving, request(2, STORY, n=2, temperature=1.5, seed=7, max_tokens=30))
    heard = finish(serving)
    texts = [heard[1].text(index) for index in range(3)]
    assert len(set(texts)) == 3
    assert [heard[2].text(index) for index in range(2)] == texts[:2]


def test_the_prompt_of_siblings_is_read_once(hello: ReadModel) -> None:
    told: list[Event] = []
    serving = serving_of(hello, told.append)
    asked = request(1, HELLO * 300, n=4, max_tokens=2, prompt_progress=True)
    call = start(serving, asked)
    heard = finish(serving)
    serving.close()
    total = len(call.prompt.tokens)
    positions = [e.processed_tokens for e in told if isinstance(e, PromptProgress)]
    assert positions == sorted(set(positions))
    assert positions[-1] == total
    assert sorted(heard[1].done) == [0, 1, 2, 3]
    assert {done.usage.prompt_tokens for done in heard[1].done.values()} == {total}


def test_siblings_of_a_prompt_that_is_known_start_at_once(
    hello: ReadModel, answers: dict[str, str]
) -> None:
    serving = serving_of(hello, prompt_cache_bytes=LARGE)
    start(serving, request(1, HELLO))
    finish(serving)
    call = start(serving, request(2, HELLO, n=2))
    heard = finish(serving)
    serving.close()
    assert call.cached_tokens == len(call.prompt.tokens) - 1
    assert heard[2].text(0) == heard[2].text(1) == answers[HELLO]


# Removal


@pytest.mark.parametrize("steps", [0, 1, 2, 3, 5, 9])
@pytest.mark.parametrize("options", [{}, {"n": 3}, {"kv_bits": 8, "kv_group_size": 32}])
def test_a_call_can_go_in_any_state(
    serving: Serving, answers: dict[str, str], steps: int, options: dict[str, int]
) -> None:
    start(serving, request(1, STORY))
    gone = start(serving, request(2, HELLO * 60, max_tokens=50, **options))
    heard: dict[int, Heard] = {}
    for _ in range(steps):
        step(serving, heard)
    serving.remove(gone)
    before = [len(pieces) for pieces in heard.get(2, Heard()).pieces.values()]
    serving.remove(gone)
    finish(serving, heard)
    assert heard[1].text() == answers[STORY]
    assert [len(pieces) for pieces in heard.get(2, Heard()).pieces.values()] == before
    assert serving.cache_bytes == 0


def test_a_call_that_is_over_leaves_nothing(serving: Serving) -> None:
    call = start(serving, request(1, STORY, stop=["once", "time"]))
    heard = finish(serving)
    assert heard[1].done[0].finish_reason == "stop"
    assert call.ended
    assert not serving.running
    assert serving.cache_bytes == 0
    assert serving.free_places == Batch.size


# Places


def test_a_batch_has_places_for_so_many(serving: Serving) -> None:
    start(serving, request(1, STORY, n=Batch.size - 1))
    assert serving.has_place(Call(request(2, HELLO)))
    assert not serving.has_place(Call(request(2, HELLO, n=2)))
    assert serving.has_place(Call(request(2, HELLO, n=2, kv_bits=8)))


def test_only_so_many_run_beside_the_batch(serving: Serving) -> None:
    quantised = {"kv_bits": 8, "kv_group_size": 32}
    for call_id in range(MOST_ALONE):
        assert serving.has_place(Call(request(call_id, HELLO, **quantised)))
        start(serving, request(call_id, HELLO, **quantised))
    assert not serving.has_place(Call(request(9, HELLO, **quantised)))
    assert serving.has_place(Call(request(9, HELLO)))
    finish(serving)
    # One call with more than that gets them when nobody else is there.
    assert serving.has_place(Call(request(9, HELLO, n=MOST_ALONE + 3, **quantised)))


def test_long_and_short_prompts_are_not_padded_to_one_another(
    serving: Serving, answers: dict[str, str]
) -> None:
    long = start(serving, request(1, HELLO * 1500, max_tokens=300))
    short = [start(serving, request(2 + index, STORY)) for index in range(3)]
    assert len(long.prompt.tokens) > 4096
    heard: dict[int, Heard] = {}
    while not all(call_id in heard for call_id in (1, 2, 3, 4)):
        step(serving, heard)
    size = serving.cache_size
    most = size.bytes(len(long.prompt.tokens) + 300) + size.bytes(512, len(short))
    assert serving.cache_bytes <= most < size.bytes(len(long.prompt.tokens), 4)
    assert serving.need(long, None).batch != serving.need(short[0], None).batch
    finish(serving, heard)
    assert [heard[call.id].text() for call in short] == [answers[STORY]] * 3


# What is refused


def test_a_draft_model_of_another_vocabulary_fails_its_call(
    hello: ReadModel, serving: Serving, answers: dict[str, str]
) -> None:
    start(serving, request(1, HELLO))
    with pytest.raises(EngineError) as raised:
        start(serving, request(2, HELLO, kv_bits=8, kv_group_size=64))
    assert raised.value.code in ("UNSUPPORTED", "INVALID_REQUEST")
    other = serving_of(with_network(hello, tiny_llama()))
    with pytest.raises(EngineError) as raised:
        start(serving, request(3, HELLO, draft_model="other", cache_file="a"), other)
    assert raised.value.code == "UNSUPPORTED"
    assert finish(serving)[1].text() == answers[HELLO]


def test_a_prompt_that_is_longer_than_the_context_is_the_callers_mistake(serving: Serving) -> None:
    with pytest.raises(EngineError) as raised:
        serving.preparing.prepare(Generate(id=1, model="hello", prompt=" " * 200_000))
    assert raised.value.code == "CONTEXT_LENGTH_EXCEEDED"


def test_a_file_is_written_while_siblings_go_on(
    serving: Serving, answers: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "prompt.safetensors"
    start(serving, request(1, HELLO, n=2, cache_file=str(file)))
    heard = finish(serving)
    assert heard[1].text(0) == heard[1].text(1) == answers[HELLO]
    call = start(serving, request(2, HELLO, cache_file=str(file)))
    assert call.cached_tokens == len(call.prompt.tokens) - 1
    assert finish(serving)[2].text() == answers[HELLO]
