"""Streamed answers."""

from collections.abc import AsyncIterator, Callable, Iterator
from types import TracebackType
from typing import Generic, Self, TypeVar

from ..protocol import Generate
from .answers import ChunkReader
from .mailbox import AsyncMailbox, Item, Mailbox, Put
from .options import PromptProgress
from .results import Chunk
from .worker_thread import WorkerThread

Part = TypeVar("Part")
OnProgress = Callable[[PromptProgress], None]


class _Call:
    """One generation of a worker. It starts with its first chunk."""

    def __init__(
        self, worker: WorkerThread, request: Generate, on_progress: OnProgress | None
    ) -> None:
        self._worker = worker
        self._request = request
        self._on_progress = on_progress
        self._id: int | None = None
        self._reader: ChunkReader | None = None
        self._ended = False

    def _start(self, put: Put) -> ChunkReader:
        if self._reader is None:
            request = self._request
            self._reader = ChunkReader(request.model, request.n, self._on_progress)
            self._id = self._worker.submit(request, put, answers=request.n)
            if self._ended:
                # Another thread has cancelled the call before it had an id.
                self.cancel()
        self._worker.check_process()
        return self._reader

    def _chunk(self, reader: ChunkReader, item: Item) -> Chunk | None:
        if item is None:
            return None
        try:
            chunk = reader.chunk(item)
        except BaseException:
            self.cancel()
            raise
        if reader.ended:
            self._ended = True
            self._wake()
        return chunk

    def cancel(self) -> None:
        """Ends the answer; the iteration then stops. The model stops within one step."""
        self._ended = True
        if self._id is not None:
            self._worker.cancel(self._id)
            self._wake()

    def _wake(self) -> None:
        """Wakes another reader, which waits on another thread or in another task."""

    def __del__(self) -> None:
        # A loop that is left drops its iterator.
        self.cancel()


class Stream(_Call, Generic[Part]):
    """An iterator over an answer. It starts with the first item.

    Leaving the loop cancels the answer, and so do `cancel()` and the end of a `with` block. If a
    variable holds the stream, leaving the loop alone doesn't cancel it.
    """

    def __init__(
        self,
        worker: WorkerThread,
        request: Generate,
        on_progress: OnProgress | None,
        part: Callable[[Chunk], Part],
    ) -> None:
        super().__init__(worker, request, on_progress)
        self._part = part
        self._mailbox = Mailbox()

    def _wake(self) -> None:
        self._mailbox.put(None)

    def __iter__(self) -> Iterator[Part]:
        return self

    def __next__(self) -> Part:
        while not self._ended:
            reader = self._start(self._mailbox.put)
            try:
                item = self._mailbox.get()
            except BaseException:
                # Ctrl-C while waiting.
                self.cancel()
                raise
            chunk = self._chunk(reader, item)
            if chunk is not None:
                return self._part(chunk)
        raise StopIteration

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cancel()


class AsyncStream(_Call, Generic[Part]):
    """An asynchronous iterator over an answer. It starts with the first item.

    Leaving the loop cancels the answer, and so do the end of its task, `cancel()` and the end of an
    `async with` block.
    """

    def __init__(
        self,
        worker: WorkerThread,
        request: Generate,
        on_progress: OnProgress | None,
        part: Callable[[Chunk], Part],
    ) -> None:
        super().__init__(worker, request, on_progress)
        self._part = part
        self._mailbox: AsyncMailbox | None = None

    def _wake(self) -> None:
        if self._mailbox is not None:
            self._mailbox.put(None)

    def __aiter__(self) -> AsyncIterator[Part]:
        return self

    async def __anext__(self) -> Part:
        if self._mailbox is None:
            self._mailbox = AsyncMailbox()
        while not self._ended:
            reader = self._start(self._mailbox.put)
            try:
                item = await self._mailbox.get()
            except BaseException:
                # The task was cancelled.
                self.cancel()
                raise
            chunk = self._chunk(reader, item)
            if chunk is not None:
                return self._part(chunk)
        raise StopAsyncIteration

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cancel()
