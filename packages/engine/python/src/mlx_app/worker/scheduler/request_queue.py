"""Calls that wait for a place, and whose turn it is."""

import time
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeVar

Priority = Literal["interactive", "normal", "batch"]

PRIORITIES: tuple[Priority, ...] = ("interactive", "normal", "batch")

# Whose turn each place is, over and over. A turn that its class has no use for goes to the first
# class that has one. So a class that always has calls waiting that fit gets at least: interactive
# 4 of 7 places in a row and one of any 2, normal 2 of 7 and one of any 4, batch one of any 7. The
# place of a call that blocked the line (below) comes on top and takes nobody's turn.
TURNS: tuple[Priority, ...] = (
    "interactive",
    "normal",
    "interactive",
    "batch",
    "interactive",
    "normal",
    "interactive",
)

# A call whose turn came and that did not fit lets others pass so often, or for so long. When its
# turn comes after that, nobody else gets a place until it fits or is gone.
MOST_PASSES = 8
MOST_PASSING_SECONDS = 10.0

# Calls that are tried for one place, so that a full machine costs no walk through all that wait.
MOST_TRIES = 8


class Waits(Protocol):
    """What is asked of a call. None of it may change while the call waits."""

    @property
    def priority(self) -> Priority: ...

    @property
    def caller(self) -> str:
        """Who sent it; those of one caller are served in their order."""
        ...


T = TypeVar("T", bound=Waits)


@dataclass(eq=False)
class _Entry(Generic[T]):
    call: T
    passes: int = 0
    first_passed: float = 0.0


class Waiting(Generic[T]):
    """A line of calls, each known by its identity.

    Between classes the places follow TURNS. Inside a class the callers take turns: while a caller
    waits, no other one of that class gets more than one place before its next. Inside a caller
    first come, first served. A call that does not fit when it is tried is passed over, but by no
    more than MOST_PASSES others, nor once MOST_PASSING_SECONDS have gone since the first.

    All operations take constant time, amortised.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: dict[int, _Entry[T]] = {}
        # Class, then caller in the order of their turns, then call in the order of arrival.
        self._lines: dict[Priority, OrderedDict[str, OrderedDict[int, _Entry[T]]]] = {
            priority: OrderedDict() for priority in PRIORITIES
        }
        self._turn = 0
        self._blocking: _Entry[T] | None = None

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, call: T) -> bool:
        return id(call) in self._entries

    def __iter__(self) -> Iterator[T]:
        """All calls, in the order of their arrival."""
        return iter([entry.call for entry in self._entries.values()])

    def put(self, call: T) -> None:
        """Puts a call at the end of its caller's line."""
        self._enter(call)

    def put_back(self, call: T) -> None:
        """Puts a call that had a place before all others of its class.

        For one that had to give its place up.
        """
        self._enter(call)
        line = self._lines[call.priority]
        line[call.caller].move_to_end(id(call), last=False)
        line.move_to_end(call.caller, last=False)

    def take(self, fits: Callable[[T], bool]) -> T | None:
        """The next call, which leaves the line, or None if none that may go now fits.

        `fits` tells whether there is a place for a call; it must neither put nor remove.
        """
        if self._blocking is not None:
            entry = self._blocking
            return self._go(entry, in_turn=False) if fits(entry.call) else None
        refused: list[_Entry[T]] = []
        for entry in self._candidates():
            if fits(entry.call):
                self._pass(refused)
                return self._go(entry, in_turn=True)
            refused.append(entry)
            if self._is_passed_enough(entry):
                self._blocking = entry
                return None
        return None

    def remove(self, call: T) -> bool:
        """Takes a call out of the line; whether it was there."""
        entry = self._entries.get(id(call))
        if entry is None:
            return False
        self._leave(entry)
        return True

    def _candidates(self) -> Iterator[_Entry[T]]:
        """The first call of each caller, in the order in which they may have the place."""
        turn = TURNS[self._turn]
        tries = 0
        for priority in (turn, *(other for other in PRIORITIES if other != turn)):
            for calls in self._lines[priority].values():
                if tries == MOST_TRIES:
                    return
                tries += 1
                yield next(iter(calls.values()))

    def _pass(self, entries: list[_Entry[T]]) -> None:
        for entry in entries:
            if entry.passes == 0:
                entry.first_passed = self._clock()
            entry.passes += 1

    def _is_passed_enough(self, entry: _Entry[T]) -> bool:
        if entry.passes == 0:
            return False
        passing = self._clock() - entry.first_passed
        return entry.passes >= MOST_PASSES or passing >= MOST_PASSING_SECONDS

    def _go(self, entry: _Entry[T], *, in_turn: bool) -> T:
        call = entry.call
        self._leave(entry)
        line = self._lines[call.priority]
        if call.caller in line:
            line.move_to_end(call.caller)
        if in_turn:
            self._turn = (self._turn + 1) % len(TURNS)
        return call

    def _enter(self, call: T) -> None:
        if id(call) in self._entries:
            raise ValueError("The call waits already.")
        entry = _Entry(call)
        self._entries[id(call)] = entry
        line = self._lines[call.priority]
        line.setdefault(call.caller, OrderedDict())[id(call)] = entry

    def _leave(self, entry: _Entry[T]) -> None:
        call = entry.call
        del self._entries[id(call)]
        line = self._lines[call.priority]
        calls = line[call.caller]
        del calls[id(call)]
        if not calls:
            del line[call.caller]
        if self._blocking is entry:
            self._blocking = None
