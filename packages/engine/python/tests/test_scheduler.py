"""Calls with too little memory for all of them, and the models that they need."""

import gc
import shutil
from pathlib import Path

import mlx.core as mx
import pytest

from mlx_app.mlx_lm_adapter.batch import Batch
from mlx_app.protocol import Failure, Generate, Load, Unloaded
from mlx_app.worker.model_pool import model_defaults
from mlx_app.worker.runner import batches
from mlx_app.worker.runner.call import Call, ModelKey
from mlx_app.worker.runner.model_runner import ModelRunner
from worker_parts import Heard, Loop, request

STORY = "Tell me a story."
# Without its end-of-text token the model goes on and on.
ENDLESS = {"logit_bias": {"2": -100.0}, "prompt_cache": False}


def loaded(models: Path, *names: str) -> Loop:
    loop = Loop(models)
    for index, name in enumerate(names or ("hello",)):
        loop.models.load(Load(id=9000 + index, model=name))
    loop.run(lambda: len(loop.models.in_memory()) == len(names or ("hello",)))
    return loop


def test_defaults_that_can_not_be_read_fail_the_load_alone(
    models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = Loop(models)
    with monkeypatch.context() as patch:
        patch.setattr(model_defaults, "read_generation_config", lambda _: 1 / 0)
        loop.models.load(Load(id=1, model="hello"))
        loop.run(lambda: any(isinstance(event, Failure) for event in loop.events))
    [failure] = [event for event in loop.events if isinstance(event, Failure)]
    assert (failure.id, failure.code) == (1, "INTERNAL")
    assert failure.message.startswith("Failed while loading hello: ZeroDivisionError")
    loop.models.load(Load(id=2, model="hello"))
    loop.run(lambda: len(loop.models.in_memory()) == 1)


def texts(heard: dict[int, Heard]) -> dict[int, str]:
    assert {call_id: one.error for call_id, one in heard.items() if one.error} == {}
    return {call_id: one.text() for call_id, one in heard.items()}


def growing(**options: int) -> list[Generate]:
    return [
        request(1, STORY, max_tokens=600, **ENDLESS, **options),
        request(2, "What can you do?", max_tokens=600, **ENDLESS, **options),
    ]


def with_room_for(loop: Loop, **kv_options: int) -> None:
    """Leaves room for two calls in the first 512 tokens of their caches, and for one of them in
    768, but not for two in 768.
    """
    # What another test left would else go later, and leave more room.
    gc.collect()
    (runner,) = loop.models.in_memory()
    in_512, in_768 = (
        runner.loaded.cache_size.bytes(tokens, 2, **kv_options) for tokens in (512, 768)
    )
    loop.admission.limit_bytes = mx.get_active_memory() + (in_512 + 3 * in_768) // 4


@pytest.fixture
def starts(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The ids of calls each time that they get a place."""
    ids: list[int] = []
    original = ModelRunner.start

    def watched(runner: ModelRunner, call: Call, draft: ModelRunner | None) -> None:
        ids.append(call.id)
        original(runner, call, draft)

    monkeypatch.setattr(ModelRunner, "start", watched)
    return ids


# With quantised caches calls run one beside the other, and each has the memory that it needs.
@pytest.mark.parametrize("options", [{}, {"kv_bits": 8, "kv_group_size": 32}])
def test_a_preempted_call_goes_on_word_for_word(
    models: Path,
    starts: list[int],
    options: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Of a text that is read again in large chunks the attention scores would be most of all.
    monkeypatch.setattr(Batch, "most_prefill_tokens", 16)
    monkeypatch.setattr(batches, "UNBATCHED_CHUNK_TOKENS", 16)
    loop = loaded(models)
    with_room_for(loop, **options)
    for asked in growing(**options):
        loop.scheduler.add(asked)
    heard = loop.finish()
    # It gave its place up once, and got it again when there was room.
    assert starts == [1, 2, 2]
    assert heard[2].done[0].usage.completion_tokens == 600
    starts.clear()
    free = loaded(models)
    for asked in growing(**options):
        free.scheduler.add(asked)
    assert texts(heard) == texts(free.finish())
    assert starts == [1, 2]


def test_an_answer_that_outgrows_all_memory_fails_alone(models: Path) -> None:
    loop = loaded(models)
    with_room_for(loop)
    loop.scheduler.add(request(1, STORY, max_tokens=20_000, **ENDLESS))
    heard = loop.finish()
    assert heard[1].error is not None
    assert heard[1].error.code == "OUT_OF_MEMORY"
    assert "grown" in heard[1].error.message
    loop.scheduler.add(request(2, STORY))
    assert loop.finish()[2].error is None


def test_a_draft_model_stays_while_it_is_used(
    models: Path, answers: dict[str, str], tmp_path: Path
) -> None:
    for name in ("hello", "draft"):
        shutil.copytree(models / "hello", tmp_path / name)
    loop = loaded(tmp_path, "hello", "draft")
    draft = loop.models.find(ModelKey("draft"))
    hello = loop.models.find(ModelKey("hello"))
    assert draft is not None
    assert hello is not None
    loop.scheduler.add(request(1, STORY, draft_model="draft"))
    loop.run(lambda: loop.scheduler.active == 1)
    loop.models.unload_idle_for(1 << 40, keep=hello)
    assert (draft.active, hello.active) == (1, 1)
    assert len(loop.models.in_memory()) == 2
    heard = loop.finish()
    assert texts(heard) == {1: answers[STORY]}
    assert heard[1].done[0].usage.draft_tokens > 100
    assert (draft.active, hello.active) == (0, 0)
    loop.models.unload_idle_for(1 << 40, keep=hello)
    assert loop.models.in_memory() == [hello]
    assert loop.events[-1] == Unloaded(id=None, models=["draft"])


def test_a_draft_model_that_is_unloaded_ends_the_call(models: Path, tmp_path: Path) -> None:
    from mlx_app.protocol import Unload

    for name in ("hello", "draft"):
        shutil.copytree(models / "hello", tmp_path / name)
    loop = loaded(tmp_path, "hello", "draft")
    loop.scheduler.add(request(1, STORY, draft_model="draft"))
    loop.run(lambda: loop.scheduler.active == 1)
    loop.models.unload(Unload(id=2, model="draft"))
    heard = loop.finish()
    assert heard[1].error is not None
    assert heard[1].error.code == "ABORTED"
    hello = loop.models.find(ModelKey("hello"))
    assert hello is not None
    assert hello.active == 0
