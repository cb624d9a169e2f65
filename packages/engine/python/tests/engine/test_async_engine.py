"""The Python API in event loops."""

import asyncio
import gc
import threading
from collections.abc import Coroutine

import pytest

from engine_calls import HELLO, ask, failing
from mlx_app import AsyncMLXEngine, AsyncStream, MLXEngine, Token


@pytest.fixture
def twin(engine: MLXEngine) -> AsyncMLXEngine:
    return AsyncMLXEngine.of(engine)


def endless(twin: AsyncMLXEngine) -> AsyncStream[Token]:
    """Returns a stream that takes long to end: 32 sequences."""
    return twin.generate(messages=ask("Tell me a story."), n=32)


def run(test: Coroutine[None, None, None]) -> None:
    """Runs a test in an event loop, which must be done within a minute."""

    async def limited() -> None:
        async with asyncio.timeout(60):
            await test

    asyncio.run(limited())


def test_every_method(twin: AsyncMLXEngine) -> None:
    async def call() -> None:
        text = ""
        async for token in twin.generate(messages=ask("Say hello.")):
            text += token
        chunks = [chunk async for chunk in twin.stream(messages=ask("Say hello."))]
        assert text == "".join(chunk.text for chunk in chunks) == HELLO
        assert (await twin.complete(messages=ask("Say hello."))).text == HELLO
        assert await twin.count_tokens(messages=ask("Say hello.")) == 11
        assert await twin.detokenise(await twin.tokenise("Grüezi")) == "Grüezi"
        assert "hello" in [model.model for model in await twin.models()]
        with failing("UNSUPPORTED"):
            await twin.embed(["a"])
        with failing("MODEL_NOT_FOUND"):
            await twin.complete("a", model="absent")

    run(call())


def test_many_tasks_and_one_event_loop_after_the_other(twin: AsyncMLXEngine) -> None:
    async def gather() -> None:
        calls = [twin.complete(messages=ask("Count to ten.")) for _ in range(40)]
        texts = {answer.text for answer in await asyncio.gather(*calls)}
        assert texts == {"one two three four five six seven eight nine ten"}

    run(gather())
    run(gather())


def test_engine_starts_without_blocking_the_loop() -> None:
    async def start() -> None:
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.create_task(count())
        async with AsyncMLXEngine(model="hello", device="cpu") as engine:
            assert turns > 0
            assert (await engine.complete(messages=ask("Say hello."))).text == HELLO
        counting.cancel()
        with failing("DISPOSED"):
            await engine.status()

    run(start())


def test_error_of_the_start() -> None:
    async def start() -> None:
        with failing("MLX_NOT_WORKING", "GPU"):
            async with AsyncMLXEngine(device="gpu"):
                pass
        engine = AsyncMLXEngine(model="hello", device="gpu")
        with failing("MLX_NOT_WORKING", "GPU"):
            await engine.complete("a")

    if MLXEngine(device="auto").status().device == "gpu":
        pytest.skip("There is a GPU.")
    run(start())


def test_cancelled_start_leaves_an_engine_that_works() -> None:
    async def start() -> None:
        engine = AsyncMLXEngine(model="hello", device="cpu")
        entering = asyncio.create_task(engine.__aenter__())
        await asyncio.sleep(0)
        entering.cancel()
        with pytest.raises(asyncio.CancelledError):
            await entering
        async with engine:
            assert (await engine.complete(messages=ask("Say hello."))).text == HELLO

    run(start())


def test_all_ways_to_cancel(twin: AsyncMLXEngine) -> None:
    async def leave_loop() -> None:
        async for _ in endless(twin):
            break

    async def leave_block() -> None:
        async with endless(twin) as stream:
            await anext(stream)
        assert [token async for token in stream] == []

    async def cancel_from_a_thread() -> None:
        stream = endless(twin)
        await anext(stream)
        thread = threading.Thread(target=stream.cancel)
        async for _ in stream:
            if not thread.ident:
                thread.start()
        thread.join()

    async def cancel_task() -> None:
        reading = asyncio.create_task(twin.complete(messages=ask("Tell me a story."), n=32))
        while (await twin.status()).active == 0:
            pass
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

    async def time_out() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await twin.complete(messages=ask("Tell me a story."), n=32)

    async def drop() -> None:
        stream = endless(twin)
        await anext(stream)
        del stream
        gc.collect()

    async def all_ways() -> None:
        for way in (leave_loop, leave_block, cancel_from_a_thread, cancel_task, time_out, drop):
            await way()
            status = await twin.status()
            assert (status.active, status.queued) == (0, 0), way.__name__

    run(all_ways())


def test_without_an_event_loop_of_asyncio(twin: AsyncMLXEngine) -> None:
    calling = twin.status()
    with failing("UNSUPPORTED", "asyncio"):
        calling.send(None)
