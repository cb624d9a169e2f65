"""Which models are in memory, and which of them has to go."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from ...errors import EngineError
from ...memory import SMALLER_MODEL, human

# A model and its adapter; None for the model as it is.
Key = tuple[str, str | None]


class OnShelf(Protocol):
    """What the shelf asks of a model. All three are looked at again each time."""

    @property
    def bytes(self) -> int:
        """Memory that unloading it gives back."""
        ...

    @property
    def active(self) -> int:
        """Calls that use it now; with one of them it is never unloaded."""
        ...

    @property
    def pinned(self) -> bool:
        """Never unloaded, neither for room nor for being idle."""
        ...


Item = TypeVar("Item", bound=OnShelf)


@dataclass
class _Place(Generic[Item]):
    item: Item
    used: float


class Shelf(Generic[Item]):
    """The models in memory, the least recently used first.

    `limit_bytes` is what models may take together with what `make_room` is told of. `idle_seconds`
    is the time without use after which a model is unloaded, None for never. `clock` gives seconds
    that only grow. The shelf unloads nothing by itself: it names what should go.
    """

    def __init__(
        self,
        limit_bytes: int,
        idle_seconds: float | None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limit_bytes = limit_bytes
        self._idle_seconds = idle_seconds
        self._clock = clock
        # In the order of the last use: whoever is used goes to the end.
        self._places: dict[Key, _Place[Item]] = {}

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[Key]:
        """The keys, the least recently used first."""
        return iter(list(self._places))

    def __contains__(self, key: Key) -> bool:
        return key in self._places

    def items(self) -> list[tuple[Key, Item]]:
        """Keys and models; does not count as a use."""
        return [(key, place.item) for key, place in self._places.items()]

    @property
    def bytes(self) -> int:
        """Memory of all models."""
        return sum(place.item.bytes for place in self._places.values())

    @property
    def idle_bytes(self) -> int:
        """Memory of the models that could be unloaded now."""
        return sum(place.item.bytes for place in self._places.values() if _may_go(place.item))

    @property
    def pinned_bytes(self) -> int:
        """Memory of the models that stay whatever comes."""
        return sum(place.item.bytes for place in self._places.values() if place.item.pinned)

    def add(self, key: Key, item: Item) -> None:
        """Puts a model on the shelf. Raises ValueError for a key that is there."""
        if key in self._places:
            raise ValueError(f"{key} is on the shelf.")
        self._places[key] = _Place(item, self._clock())

    def get(self, key: Key) -> Item | None:
        """The model, which counts as a use, or None."""
        place = self._places.pop(key, None)
        if place is None:
            return None
        place.used = self._clock()
        self._places[key] = place
        return place.item

    def remove(self, key: Key) -> Item | None:
        """Takes a model off the shelf, whatever its state; None if it is not there."""
        place = self._places.pop(key, None)
        return None if place is None else place.item

    def find(self, model: str) -> list[Key]:
        """The keys of a model, with and without adapters."""
        return [key for key in self._places if key[0] == model]

    def make_room(
        self,
        needed: int,
        others: int = 0,
        *,
        kept: Key | None = None,
        what: str = "This",
    ) -> list[Key]:
        """What to unload so that `needed` bytes more find room, the longest unused first.

        `what` needs them: the name of a model, for the error. `others` are bytes that are taken
        beside the models: caches, calls, loads under way. A model that a call uses or that is
        pinned is never named, nor is `kept`; nor is anything where unloading all of the rest is not
        enough: that raises EngineError OUT_OF_MEMORY. Of the longest unused ones, those are spared
        that a later and larger one makes unnecessary.
        """
        excess = self.bytes + others + needed - self.limit_bytes
        going: list[Key] = []
        freed = 0
        for key, place in self._places.items():
            if freed >= excess:
                break
            if _may_go(place.item) and key != kept:
                going.append(key)
                freed += place.item.bytes
        if freed < excess:
            raise self._no_room(what, needed, others, freed)
        for key in reversed(going):
            size = self._places[key].item.bytes
            if freed - size >= excess:
                freed -= size
                going.remove(key)
        return going

    def idle(self, now: float | None = None) -> list[Key]:
        """What to unload for being idle. A model in use starts its time anew with each look."""
        if self._idle_seconds is None:
            return []
        moment = self._clock() if now is None else now
        over: list[Key] = []
        for key, place in list(self._places.items()):
            if place.item.active:
                self._places[key] = self._places.pop(key)
                place.used = moment
            elif not place.item.pinned and moment - place.used >= self._idle_seconds:
                over.append(key)
        return over

    def next_wake(self, now: float | None = None) -> float | None:
        """Seconds until `idle` has something to name, 0 if it has; None if nothing will be idle.

        A model in use does not count: the end of its call is news by itself.
        """
        if self._idle_seconds is None:
            return None
        moment = self._clock() if now is None else now
        waits = [
            place.used + self._idle_seconds - moment
            for place in self._places.values()
            if _may_go(place.item)
        ]
        return max(0.0, min(waits)) if waits else None

    def _no_room(self, what: str, needed: int, others: int, freed: int) -> EngineError:
        kept = [
            f"{name_of(key)} ({human(place.item.bytes)}, "
            f"{'pinned' if place.item.pinned else 'in use'})"
            for key, place in self._places.items()
            if not _may_go(place.item)
        ]
        taken = self.bytes + others
        message = (
            f"{what} needs {human(needed)} more of memory; the limit is {human(self.limit_bytes)}, "
            f"of which {human(taken)} are in use and {human(freed)} of that can be unloaded."
        )
        if kept:
            message += f" These stay: {', '.join(kept)}."
        hint = f"{SMALLER_MODEL}, or raise memoryLimitBytes if the machine has more."
        if kept:
            hint = f"Wait for the calls to end, or unload one of these. {hint}"
        return EngineError("OUT_OF_MEMORY", message, hint)


def _may_go(item: OnShelf) -> bool:
    return not item.active and not item.pinned


def name_of(key: Key) -> str:
    """A key as people read it."""
    model, adapter = key
    return model if adapter is None else f"{model} with {adapter}"
