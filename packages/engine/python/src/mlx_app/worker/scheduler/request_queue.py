"""The queue of calls in front of one model, and which of them is next."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from ..runner.call import Priority

PRIORITIES: tuple[Priority, ...] = ("interactive", "normal", "batch")

# The priorities that take turns, over and over. A turn that its priority has no use for goes to the
# first one that has. So a priority with calls that always fit gets at least: interactive 4 of 7
# turns in a row and one of any 2, normal 2 of 7 and one of any 4, batch one of any 7. A call that
# blocked the queue (below) starts on top of that and takes nobody's turn.
TURNS: tuple[Priority, ...] = (
    "interactive",
    "normal",
    "interactive",
    "batch",
    "interactive",
    "normal",
    "interactive",
)

# A call whose turn came and that did not fit is passed this often, or for this long. When its turn
# comes again, it blocks the queue: no other call starts until it fits or is removed.
MAX_PASSES = 8
MAX_PASSING_SECONDS = 10.0

# Calls that are tried for one turn, so that a full machine costs no walk through the whole queue.
MAX_TRIES = 8


class Schedulable(Protocol):
    """What the queue needs to know of a call. None of it may change while the call is queued."""

    @property
    def priority(self) -> Priority: ...

    @property
    def caller(self) -> str:
        """Who sent it; the calls of one caller are served in their order."""
        ...


T = TypeVar("T", bound=Schedulable)


@dataclass(eq=False)
class _Entry(Generic[T]):
    call: T
    passes: int = 0
    first_passed: float = 0.0


class RequestQueue(Generic[T]):
    """A queue of calls, each known by its identity.

    Priorities take turns as in TURNS. Within a priority, callers take turns: while a caller waits,
    no other one starts more than one call before its next. Within a caller, it is first come, first
    served. A call that does not fit when it is tried is passed, but by no more than MAX_PASSES
    others, and not once MAX_PASSING_SECONDS have gone by since the first.

    All operations take constant time, amortised.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: dict[int, _Entry[T]] = {}
        # Priority, then caller in the order of their turns, then call in the order of arrival.
        self._callers: dict[Priority, OrderedDict[str, OrderedDict[int, _Entry[T]]]] = {
            priority: OrderedDict() for priority in PRIORITIES
        }
        self._turn = 0
        self._blocking: _Entry[T] | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, call: T) -> bool:
        return id(call) in self._entries

    def __iter__(self) -> Iterator[T]:
        """Returns all calls in the order of their arrival."""
        return iter([entry.call for entry in self._entries.values()])

    def put(self, call: T) -> None:
        """Adds a call behind the others of its caller."""
        self._add(call)

    def put_back(self, call: T) -> None:
        """Adds a call that was preempted before all others of its priority."""
        self._add(call)
        callers = self._callers[call.priority]
        callers[call.caller].move_to_end(id(call), last=False)
        callers.move_to_end(call.caller, last=False)

    def take(self, fits: Callable[[T], bool]) -> T | None:
        """Removes the next call and returns it; None if none that may start now fits.

        `fits` tells whether there is room for a call. It must not change the queue.
        """
        if self._blocking is not None:
            entry = self._blocking
            return self._start(entry, in_turn=False) if fits(entry.call) else None
        refused: list[_Entry[T]] = []
        for entry in self._candidates():
            if fits(entry.call):
                self._pass(refused)
                return self._start(entry, in_turn=True)
            refused.append(entry)
            if self._blocks(entry):
                self._blocking = entry
                return None
        return None

    def remove(self, call: T) -> bool:
        """Removes a call; returns whether it was queued."""
        entry = self._entries.get(id(call))
        if entry is None:
            return False
        self._remove(entry)
        return True

    def _candidates(self) -> Iterator[_Entry[T]]:
        """Yields the first call of each caller, in the order in which they may start."""
        turn = TURNS[self._turn]
        tries = 0
        others: list[Priority] = [other for other in PRIORITIES if other != turn]
        for priority in (turn, *others):
            for calls in self._callers[priority].values():
                if tries == MAX_TRIES:
                    return
                tries += 1
                yield next(iter(calls.values()))

    def _pass(self, entries: list[_Entry[T]]) -> None:
        for entry in entries:
            if entry.passes == 0:
                entry.first_passed = self._clock()
            entry.passes += 1

    def _blocks(self, entry: _Entry[T]) -> bool:
        if entry.passes == 0:
            return False
        passing = self._clock() - entry.first_passed
        return entry.passes >= MAX_PASSES or passing >= MAX_PASSING_SECONDS

    def _start(self, entry: _Entry[T], *, in_turn: bool) -> T:
        call = entry.call
        self._remove(entry)
        callers = self._callers[call.priority]
        if call.caller in callers:
            callers.move_to_end(call.caller)
        if in_turn:
            self._turn = (self._turn + 1) % len(TURNS)
        return call

    def _add(self, call: T) -> None:
        if id(call) in self._entries:
            raise ValueError("The call is queued already.")
        entry = _Entry(call)
        self._entries[id(call)] = entry
        callers = self._callers[call.priority]
        callers.setdefault(call.caller, OrderedDict())[id(call)] = entry

    def _remove(self, entry: _Entry[T]) -> None:
        call = entry.call
        del self._entries[id(call)]
        callers = self._callers[call.priority]
        calls = callers[call.caller]
        del calls[id(call)]
        if not calls:
            del callers[call.caller]
        if self._blocking is entry:
            self._blocking = None
