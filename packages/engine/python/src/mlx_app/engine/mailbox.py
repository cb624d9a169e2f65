"""Carries the events of one call from MLX's thread to the code that waits for them."""

import asyncio
import queue
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from weakref import WeakKeyDictionary

from ..errors import EngineError
from ..protocol import Event, Piece
from .interpreter_exit import hold_daemon_threads

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
        item = self._items.get()
        hold_daemon_threads()
        return item


class AsyncMailbox:
    """A mailbox whose reader is a task of the running event loop.

    Raises EngineError UNSUPPORTED if asyncio runs none.
    """

    def __init__(self) -> None:
        self._items: queue.SimpleQueue[Item] = queue.SimpleQueue()
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            raise EngineError(
                "UNSUPPORTED",
                "AsyncMLXEngine works in an event loop of asyncio, and none runs here.",
                "Use asyncio.run, or MLXEngine in synchronous code.",
            ) from None
        self._arrived = asyncio.Event()
        self._alarm = _alarms.setdefault(self._loop, _Alarm(self._loop))
        # Whether the reader is about to be woken.
        self._waking = False

    def put(self, item: Item) -> None:
        """Adds an item, and wakes the reader."""
        self._items.put(item)
        if self._waking:
            return
        self._waking = True
        self._alarm.add(self._arrived)

    async def get(self) -> Item:
        """Waits for the next item and returns it."""
        while True:
            # In this order: whoever adds an item after the look into the queue wakes the reader.
            self._arrived.clear()
            self._waking = False
            try:
                item = self._items.get_nowait()
            except queue.Empty:
                await self._arrived.wait()
            else:
                hold_daemon_threads()
                return item


@contextmanager
def waking_once() -> Iterator[None]:
    """Adds to many mailboxes on this thread, and wakes each event loop that reads some once."""
    alarms: set[_Alarm] = set()
    _held.alarms = alarms
    try:
        yield
    finally:
        _held.alarms = None
        for alarm in alarms:
            alarm.ring()


class _Alarm:
    """Wakes the readers of one event loop, which costs more than adding an item: a system call."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        # An alarm that held its loop would keep both in `_alarms`.
        self._loop = weakref.ref(loop)
        self._arrived: deque[asyncio.Event] = deque()
        self._ringing = False

    def add(self, event: asyncio.Event) -> None:
        """Sets an event of the loop soon. May be called on any thread."""
        self._arrived.append(event)
        held: set[_Alarm] | None = getattr(_held, "alarms", None)
        if held is None:
            self.ring()
        else:
            held.add(self)

    def ring(self) -> None:
        """Wakes the loop, unless it is about to wake."""
        loop = self._loop()
        if self._ringing or loop is None:
            return
        self._ringing = True
        try:
            loop.call_soon_threadsafe(self._set_all)
        except RuntimeError:
            # The loop is closed, so nobody waits any more.
            return

    def _set_all(self) -> None:
        # In this order: whoever adds an event after the last look rings again.
        self._ringing = False
        while self._arrived:
            self._arrived.popleft().set()


_alarms: WeakKeyDictionary[asyncio.AbstractEventLoop, _Alarm] = WeakKeyDictionary()
# The alarms that ring at the end of `waking_once` on a thread.
_held = threading.local()


Put = Callable[[Item], None]
