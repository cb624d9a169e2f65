"""The calls in progress of an engine, and who reads their events."""

import itertools
import threading
from concurrent.futures import Future

from ..errors import EngineError
from ..protocol import (
    Event,
    Failure,
    Fatal,
    Heartbeat,
    Progress,
    PromptProgress,
    Ready,
    Tokens,
    Unloaded,
)
from .explain import explain
from .mailbox import Item, Put, waking_once


class Calls:
    """The readers of the calls in progress. Its methods may be called on any thread."""

    def __init__(self) -> None:
        self._ids = itertools.count(1)
        # The reader of each call and the number of its answers, until the last of them.
        self._readers: dict[int, tuple[Put, int]] = {}
        # Reentrant, since the garbage collector may end a stream, which cancels its call.
        self._lock = threading.RLock()
        # Why no further call can be made.
        self._ended: EngineError | None = None
        # Why calls fail for now.
        self._stalled: EngineError | None = None
        #: The first event of the worker, or why it did not start.
        self.ready: Future[Ready] = Future()

    def add(self, put: Put, answers: int) -> int:
        """Returns the id of a new call. Raises EngineError if the engine has ended.

        `put` gets each event of the call, until the given number of answers or an error.
        """
        with self._lock:
            refusal = self._ended or self._stalled
            if refusal is not None:
                raise _copy(refusal)
            call_id = next(self._ids)
            self._readers[call_id] = (put, answers)
        return call_id

    def remove(self, call_id: int) -> bool:
        """Forgets a call, which then gets no more events. Returns whether it was in progress."""
        with self._lock:
            return self._readers.pop(call_id, None) is not None

    def deliver(self, event: Event) -> None:
        """Passes an event of the worker to the reader of its call."""
        match event:
            case Tokens():
                with waking_once():
                    for piece in event.pieces:
                        self._pass_on(piece.id, piece)
            case Ready():
                self.ready.set_result(event)
            case Progress() | PromptProgress():
                self._pass_on(event.id, event)
            case Failure() if event.id is not None:
                self._answer(event.id, explain(event))
            case Unloaded(id=None) | Failure() | Fatal() | Heartbeat():
                # Models made room for another one. The others are events of a worker process.
                return
            case _ if event.id is not None:
                self._answer(event.id, event)

    def end(self, error: EngineError) -> None:
        """Fails the calls in progress and all further ones."""
        with self._lock:
            if self._ended is None:
                self._ended = error
        self._fail(error)

    @property
    def is_stalled(self) -> bool:
        """Whether calls fail because no model makes a step."""
        return self._stalled is not None

    def stall(self, error: EngineError) -> list[int]:
        """Fails the calls in progress, and further ones until `resume`. Returns their ids."""
        with self._lock:
            self._stalled = error
            call_ids = list(self._readers)
        self._fail(error)
        return call_ids

    def resume(self) -> None:
        """Accepts calls again."""
        self._stalled = None

    def _fail(self, error: EngineError) -> None:
        with self._lock:
            readers = list(self._readers.values())
            self._readers.clear()
        for put, _ in readers:
            put(_copy(error))

    def _pass_on(self, call_id: int, item: Item) -> None:
        reader = self._readers.get(call_id)
        if reader is not None:
            reader[0](item)

    def _answer(self, call_id: int, item: Item) -> None:
        """Passes on an answer or an error, with which a call ends unless it has further answers."""
        with self._lock:
            put, answers = self._readers.get(call_id, (None, 0))
            if put is None:
                return
            if answers > 1 and not isinstance(item, EngineError):
                self._readers[call_id] = (put, answers - 1)
            else:
                del self._readers[call_id]
        put(item)


def _copy(error: EngineError) -> EngineError:
    """Returns an error that is raised once: each time adds to its traceback."""
    return EngineError(error.code, error.message, error.hint)
