"""Failures inside a batch: one call's own, and everyone's."""

from collections.abc import Iterator

import mlx.core as mx
import pytest

from mlx_app import sampling
from mlx_app.errors import EngineError
from mlx_app.mlx_lm_adapter.batch import Batch
from mlx_app.protocol import Done, Generate, Message
from mlx_app.weights import ReadModel
from mlx_app.worker import serving as module
from mlx_app.worker.calls import Call
from mlx_app.worker.serving import Serving


@pytest.fixture
def serving(hello: ReadModel) -> Iterator[Serving]:
    serving = Serving("hello", hello)
    yield serving
    serving.close()


def insert(serving: Serving, call_id: int, temperature: float = 0.0) -> Call:
    messages = [Message(role="user", content="Say hello.")]
    call = Call(Generate(id=call_id, model="hello", messages=messages, temperature=temperature))
    serving.insert(call, serving.tokenise(call))
    return call


def finish(serving: Serving) -> dict[int, str | EngineError]:
    ends: dict[int, str | EngineError] = {}
    texts: dict[int, str] = {}
    while serving.active:
        for call, text, end in serving.step():
            texts[call.id] = texts.get(call.id, "") + text
            if isinstance(end, Done):
                ends[call.id] = texts[call.id]
            elif end is not None:
                ends[call.id] = end
    return ends


def test_a_sampler_that_raises_fails_its_own_call_alone(
    serving: Serving, answers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    insert(serving, 1)
    original = sampling.make_sampler
    steps = iter(range(100))

    def broken(logprobs: mx.array, /) -> mx.array:
        if next(steps) == 3:
            raise ValueError("a broken sampler")
        return mx.argmax(logprobs, axis=-1)

    monkeypatch.setattr(
        module,
        "make_sampler",
        lambda request, *rest: broken if request.id == 2 else original(request, *rest),
    )
    insert(serving, 2, temperature=1)
    insert(serving, 3)
    ends = finish(serving)
    assert ends[1] == ends[3] == answers["Say hello."]
    assert isinstance(ends[2], EngineError)
    assert "a broken sampler" in ends[2].message


def test_a_processor_that_raises_fails_its_own_call_alone(
    serving: Serving, answers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: mx.array, logits: mx.array, /) -> mx.array:
        raise ValueError(f"a broken processor of {logits.shape}")

    monkeypatch.setattr(
        module, "make_processors", lambda request: [broken] if request.id == 2 else []
    )
    for call_id in (1, 2, 3):
        insert(serving, call_id)
    ends = finish(serving)
    assert ends[1] == ends[3] == answers["Say hello."]
    assert isinstance(ends[2], EngineError)
    assert "a broken processor" in ends[2].message


def test_a_step_that_fails_gives_back_its_calls_and_serves_on(
    serving: Serving, answers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = [insert(serving, 1), insert(serving, 2)]

    def fail(_: Batch) -> None:
        raise RuntimeError("[malloc] Unable to allocate 9 bytes.")

    with monkeypatch.context() as patch:
        patch.setattr(Batch, "step", fail)
        with pytest.raises(RuntimeError):
            list(serving.step())
    assert serving.reset() == calls
    insert(serving, 3)
    assert finish(serving) == {3: answers["Say hello."]}


def test_an_unreadable_chat_is_the_callers_mistake(serving: Serving) -> None:
    call = Call(Generate(id=1, model="hello", prompt=" " * 200_000))
    with pytest.raises(EngineError) as raised:
        serving.tokenise(call)
    assert raised.value.code == "CONTEXT_LENGTH_EXCEEDED"
