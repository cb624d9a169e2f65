"""Many calls at once, and all ways to end one before its end."""

import gc
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from engine_calls import HELLO, ask, failing
from mlx_app import EngineError, MLXEngine, Stream, Token


def endless(engine: MLXEngine) -> Stream[Token]:
    """Returns a stream that has begun and takes long to end: 32 sequences."""
    stream = engine.generate(messages=ask("Tell me a story."), n=32)
    next(stream)
    return stream


def wait_until_idle(engine: MLXEngine) -> None:
    """Returns once no call runs. Requests are handled in their order, so one status is enough."""
    status = engine.status()
    assert (status.active, status.queued) == (0, 0)


def test_many_threads_are_decoded_together(engine: MLXEngine, answers: dict[str, str]) -> None:
    questions = [question for question in answers if question != "What is the weather in Bern?"]
    before = engine.status().steps
    with ThreadPoolExecutor(24) as pool:
        texts = list(pool.map(lambda q: engine.complete(messages=ask(q)).text, questions * 2))
    assert texts == [answers[question] for question in questions * 2]
    steps = engine.status().steps - before
    tokens = sum(len(engine.tokenise(text)) for text in texts)
    assert steps < tokens / 2


def test_leaving_a_loop_cancels(engine: MLXEngine) -> None:
    for _ in engine.generate(messages=ask("Tell me a story."), n=32):
        break
    wait_until_idle(engine)


def test_end_of_a_with_block_cancels(engine: MLXEngine) -> None:
    with endless(engine) as stream:
        assert engine.status().active > 0
    wait_until_idle(engine)
    assert list(stream) == []


def test_exception_in_a_loop_cancels(engine: MLXEngine) -> None:
    def fail() -> None:
        for _ in engine.generate(messages=ask("Tell me a story."), n=32):
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        fail()
    wait_until_idle(engine)


def test_dropping_a_stream_cancels(engine: MLXEngine) -> None:
    stream = endless(engine)
    del stream
    wait_until_idle(engine)


def test_cancel_wakes_a_reader_on_another_thread(engine: MLXEngine) -> None:
    # It waits: the 33rd sequence has no place in the batch.
    with endless(engine):
        waiting = engine.generate(messages=ask("Say hello."), deadline_ms=3_600_000, caller="b")
        read: Future[list[Token]] = Future()
        reader = threading.Thread(target=lambda: read.set_result(list(waiting)))
        reader.start()
        while engine.status().queued == 0 and engine.status().active < 33:
            pass
        waiting.cancel()
        reader.join()
    assert read.done()
    wait_until_idle(engine)


def test_cancel_before_and_after_a_call(engine: MLXEngine) -> None:
    stream = engine.generate(messages=ask("Say hello."))
    stream.cancel()
    assert list(stream) == []
    stream = engine.generate(messages=ask("Say hello."))
    assert "".join(stream) == HELLO
    stream.cancel()
    stream.cancel()


def test_stream_that_two_threads_read_ends_for_both(engine: MLXEngine) -> None:
    alone = list(engine.generate(messages=ask("Count to ten.")))
    stream = engine.generate(messages=ask("Count to ten."))
    first = next(stream)
    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(lambda _: list(stream), range(2))
    assert sorted([first, *one, *other]) == sorted(alone)


def test_close_ends_calls_of_other_threads() -> None:
    engine = MLXEngine(model="hello", device="cpu")
    stream = endless(engine)
    failure: Future[str] = Future()

    def read() -> None:
        try:
            while True:
                next(stream)
        except EngineError as error:
            failure.set_result(error.code)

    reader = threading.Thread(target=read)
    reader.start()
    engine.close()
    reader.join()
    assert failure.result() == "DISPOSED"
    engine.close()
    for call in (engine.status, lambda: engine.complete("a"), lambda: next(engine.generate("a"))):
        with failing("DISPOSED"):
            call()


def test_two_engines_in_one_process(engine: MLXEngine) -> None:
    with MLXEngine(model="hello", device="cpu") as other, ThreadPoolExecutor(2) as pool:
        texts = pool.map(
            lambda each: each.complete(messages=ask("Say hello.")).text, [engine, other]
        )
        assert list(texts) == [HELLO, HELLO]
    assert engine.complete(messages=ask("Say hello.")).text == HELLO


def test_engine_that_nobody_holds_ends_its_threads() -> None:
    before = set(threading.enumerate())
    engine = MLXEngine(model="hello", device="cpu")
    stream = engine.generate(messages=ask("Say hello."))
    own = set(threading.enumerate()) - before
    del engine
    gc.collect()
    # The stream still needs it.
    assert "".join(stream) == HELLO
    own |= set(threading.enumerate()) - before
    del stream
    gc.collect()
    for thread in own:
        thread.join(30)
        assert not thread.is_alive(), thread.name


def test_deadline_of_years_is_none(engine: MLXEngine) -> None:
    assert engine.complete(messages=ask("Say hello."), deadline_ms=1e300).text == HELLO
    started = time.monotonic()
    with failing("DEADLINE_EXCEEDED"):
        engine.complete(messages=ask("Tell me a story."), deadline_ms=0.001)
    assert time.monotonic() - started < 30
