"""Which models are in memory, and which of them to unload for others or for being idle."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from ...errors import EngineError
from ...memory import SMALLER_MODEL, format_bytes
from ..runner.call import ModelKey


class Evictable(Protocol):
    """What eviction needs to know of a model. All three are read anew each time."""

    @property
    def bytes(self) -> int:
        """The memory that unloading the model frees."""
        ...

    @property
    def active(self) -> int:
        """The calls that use the model; it is not unloaded while there are any."""
        ...

    @property
    def pinned(self) -> bool:
        """Whether the model is never unloaded, neither for room nor for being idle."""
        ...


Model = TypeVar("Model", bound=Evictable)


@dataclass
class _Entry(Generic[Model]):
    model: Model
    used: float


class LoadedModels(Generic[Model]):
    """The models in memory, the least recently used first.

    `limit_bytes` is what models may take together with the other memory that `least_needed` is told
    of. `idle_seconds` is the time without use after which a model is unloaded; None for never.
    `clock` gives seconds that only grow. This class unloads nothing: it names what to unload.
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
        # In the order of the last use: a model that is used goes to the end.
        self._entries: dict[ModelKey, _Entry[Model]] = {}

    def __contains__(self, key: ModelKey) -> bool:
        return key in self._entries

    def items(self) -> list[tuple[ModelKey, Model]]:
        """Returns keys and models, the least recently used first; does not count as a use."""
        return [(key, entry.model) for key, entry in self._entries.items()]

    @property
    def bytes(self) -> int:
        """The memory of all models."""
        return sum(entry.model.bytes for entry in self._entries.values())

    def add(self, key: ModelKey, model: Model) -> None:
        """Adds a model. Raises ValueError for a key that is there."""
        if key in self._entries:
            raise ValueError(f"{key} is in memory.")
        self._entries[key] = _Entry(model, self._clock())

    def get(self, key: ModelKey) -> Model | None:
        """Returns a model, which counts as a use, or None."""
        entry = self._entries.pop(key, None)
        if entry is None:
            return None
        entry.used = self._clock()
        self._entries[key] = entry
        return entry.model

    def remove(self, key: ModelKey) -> Model | None:
        """Removes a model, whatever its state, and returns it; None if it is not there."""
        entry = self._entries.pop(key, None)
        return None if entry is None else entry.model

    def least_needed(self, needed: int, others: int = 0, *, what: str = "This") -> list[ModelKey]:
        """Returns what to unload so that `needed` more bytes find room, the longest unused first.

        `what` needs them: the name of a model, for the error. `others` are the bytes in use besides
        models: caches, calls, loads under way. Models that calls use and pinned ones stay. Of the
        longest unused models, those are spared that a later and larger one makes unnecessary.
        Raises EngineError OUT_OF_MEMORY where unloading all others would not be enough.
        """
        excess = self.bytes + others + needed - self.limit_bytes
        chosen: list[ModelKey] = []
        freed = 0
        for key, entry in self._entries.items():
            if freed >= excess:
                break
            if is_evictable(entry.model):
                chosen.append(key)
                freed += entry.model.bytes
        if freed < excess:
            raise self._no_room(what, needed, others, freed)
        for key in reversed(chosen):
            size = self._entries[key].model.bytes
            if freed - size >= excess:
                freed -= size
                chosen.remove(key)
        return chosen

    def idle(self) -> list[ModelKey]:
        """Returns the models that were unused for too long. A model in use restarts its time."""
        if self._idle_seconds is None:
            return []
        now = self._clock()
        idle: list[ModelKey] = []
        for key, entry in list(self._entries.items()):
            if entry.model.active:
                self._entries[key] = self._entries.pop(key)
                entry.used = now
            elif not entry.model.pinned and now - entry.used >= self._idle_seconds:
                idle.append(key)
        return idle

    def next_wake(self) -> float | None:
        """Returns the seconds until `idle` has a model to name, 0 if it has; None if it never will.

        A model in use does not count, since the end of its call wakes the worker by itself.
        """
        if self._idle_seconds is None:
            return None
        now = self._clock()
        waits = [
            entry.used + self._idle_seconds - now
            for entry in self._entries.values()
            if is_evictable(entry.model)
        ]
        return max(0.0, min(waits)) if waits else None

    def _no_room(self, what: str, needed: int, others: int, freed: int) -> EngineError:
        kept = [
            f"{key} ({format_bytes(model.bytes)}, {'pinned' if model.pinned else 'in use'})"
            for key, model in self.items()
            if not is_evictable(model)
        ]
        taken = self.bytes + others
        message = (
            f"{what} needs {format_bytes(needed)} more memory; the limit is "
            f"{format_bytes(self.limit_bytes)}, of which {format_bytes(taken)} are in use and "
            f"{format_bytes(freed)} of that can be unloaded."
        )
        if kept:
            message += f" These stay: {', '.join(kept)}."
        hint = f"{SMALLER_MODEL}, or raise memoryLimitBytes if the machine has more."
        if kept:
            hint = f"Wait for the calls to end, or unload one of these. {hint}"
        return EngineError("OUT_OF_MEMORY", message, hint)


def is_evictable(model: Evictable) -> bool:
    """Whether a model can be unloaded now."""
    return not model.active and not model.pinned
