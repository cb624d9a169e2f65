"""Merges streams."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import TypeVar

from ...engine.options import PromptProgress
from ...engine.results import Chunk
from ..http.disconnects import cancel

Item = TypeVar("Item")


async def merge(
    streams: Sequence[AsyncGenerator[Item, None]],
) -> AsyncGenerator[tuple[int, Item], None]:
    """Merges streams, in the order in which their items arrive, with the number of the stream.

    Raises the error of the first stream that fails. The others are then closed.
    """
    arrived: asyncio.Queue[tuple[int, Item] | None] = asyncio.Queue()

    async def read(source: int, stream: AsyncGenerator[Item, None]) -> None:
        try:
            async with aclosing(stream):
                async for item in stream:
                    arrived.put_nowait((source, item))
        finally:
            arrived.put_nowait(None)

    readers = [asyncio.ensure_future(read(*entry)) for entry in enumerate(streams)]
    try:
        for _ in readers:
            while (item := await arrived.get()) is not None:
                yield item
            for reader in readers:
                if reader.done():
                    reader.result()
    finally:
        await cancel(*readers)


async def with_progress(
    generate: Callable[[Callable[[PromptProgress], None]], AsyncGenerator[Chunk, None]],
) -> AsyncGenerator[Chunk | PromptProgress, None]:
    """Merges the chunks of a generation with the progress of its prefill."""
    arrived: asyncio.Queue[Chunk | PromptProgress | None] = asyncio.Queue()

    async def read() -> None:
        try:
            async with aclosing(generate(arrived.put_nowait)) as chunks:
                async for chunk in chunks:
                    arrived.put_nowait(chunk)
        finally:
            arrived.put_nowait(None)

    reader = asyncio.ensure_future(read())
    try:
        while (step := await arrived.get()) is not None:
            yield step
        await reader
    finally:
        await cancel(reader)
