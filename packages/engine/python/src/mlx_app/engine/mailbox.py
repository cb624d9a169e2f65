"""Carries the events of one call from MLX's thread to the code that waits for them."""

import asyncio
import queue
from collections.abc import Callable

from ..errors import EngineError
from ..protocol import Event, Piece

# What one call gets: pieces of an answer, other events, the error that ends it, or None when its
# caller has cancelled it.
Item = Event | Piece | EngineError | None


class Mailbox:
    """The events of one call, in order. `put` may be called on any thread."""

    def __init__(self) -> None:
        self._items: queue.SimpleQueue[Item] = queue.SimpleQueue()

    def put(self, item: Item) -> None:
        """Adds an item."""
        self._items.put(item)

    def get(self) -> Item:
        """Waits for the next item and returns it."""
        return self._items.get()


class AsyncMailbox:
    """A mailbox whose reader is a task of the running event loop."""

    def __init__(self) -> None:
        self._items: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()

    def put(self, item: Item) -> None:
        """Adds an item, and wakes the reader."""
        self._items.put(item)
        try:
            self._loop.call_soon_threadsafe(self._arrived.set)
        except RuntimeError:
            # The loop is closed, so nobody waits any more.
            return

    async def get(self) -> Item:
        """Waits for the next item and returns it."""
        while True:
            self._arrived.clear()
            try:
                return self._items.get_nowait()
            except queue.Empty:
                await self._arrived.wait()


Put = Callable[[Item], None]
