"""Which models are unloaded to make room, and for being idle."""

from dataclasses import dataclass

import pytest

from mlx_app.errors import EngineError
from mlx_app.worker.model_pool.eviction import LoadedModels
from mlx_app.worker.runner.call import ModelKey

GB = 10**9


@dataclass
class Model:
    bytes: int
    active: int = 0
    pinned: bool = False


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def loaded(clock: Clock) -> LoadedModels[Model]:
    """Three models of 3, 1 and 4 GB under a limit of 10; `a` is the least recently used."""
    loaded: LoadedModels[Model] = LoadedModels(10 * GB, 60.0, clock)
    for name, size in (("a", 3), ("b", 1), ("c", 4)):
        clock.now += 10
        loaded.add(ModelKey(name), Model(size * GB))
    return loaded


def names(keys: list[ModelKey]) -> list[str]:
    return [str(key) for key in keys]


def test_what_is_there(loaded: LoadedModels[Model]) -> None:
    assert [key[0] for key, _ in loaded.items()] == ["a", "b", "c"]
    assert len(loaded.items()) == 3
    assert ModelKey("a") in loaded
    assert ModelKey("a", "french") not in loaded
    assert loaded.get(ModelKey("a", "french")) is None
    assert loaded.bytes == 8 * GB
    with pytest.raises(ValueError, match="in memory"):
        loaded.add(ModelKey("a"), Model(1))


def test_a_model_with_an_adapter_is_another_one(loaded: LoadedModels[Model]) -> None:
    loaded.add(ModelKey("a", "french"), Model(GB))
    assert names([key for key, _ in loaded.items()]) == ["a", "b", "c", "a with french"]
    assert loaded.remove(ModelKey("a")) is not None
    assert loaded.remove(ModelKey("a")) is None
    assert names([key for key, _ in loaded.items()]) == ["b", "c", "a with french"]


def test_nothing_goes_where_there_is_room(loaded: LoadedModels[Model]) -> None:
    assert loaded.least_needed(2 * GB) == []
    assert loaded.least_needed(0) == []


def test_the_least_recently_used_goes_first(loaded: LoadedModels[Model], clock: Clock) -> None:
    assert names(loaded.least_needed(4 * GB)) == ["a"]
    clock.now += 1
    loaded.get(ModelKey("a"))
    assert names(loaded.least_needed(3 * GB)) == ["b"]
    assert names(loaded.least_needed(10 * GB)) == ["b", "c", "a"]


def test_other_memory_counts(loaded: LoadedModels[Model]) -> None:
    assert names(loaded.least_needed(2 * GB, others=GB)) == ["a"]


def test_a_model_is_spared_that_a_larger_one_makes_unnecessary(loaded: LoadedModels[Model]) -> None:
    loaded.get(ModelKey("a"))
    # b and c are the longest unused; without c it is not enough, and with c b may stay.
    assert names(loaded.least_needed(5 * GB)) == ["c"]


def test_models_in_use_and_pinned_ones_stay(loaded: LoadedModels[Model]) -> None:
    for key, model in loaded.items():
        model.active = 2 if key[0] == "a" else 0
    assert names(loaded.least_needed(3 * GB)) == ["b"]
    loaded.items()[1][1].pinned = True
    assert names(loaded.least_needed(3 * GB)) == ["c"]


def test_nothing_goes_where_it_would_not_be_enough(loaded: LoadedModels[Model]) -> None:
    (_, a), (_, b), _ = loaded.items()
    a.active, b.pinned = 1, True
    with pytest.raises(EngineError) as caught:
        loaded.least_needed(7 * GB, what="big-model")
    assert caught.value.code == "OUT_OF_MEMORY"
    assert caught.value.message == (
        "big-model needs 7.00 GB more memory; the limit is 10.0 GB, of which 8.00 GB are in use "
        "and 4.00 GB of that can be unloaded. These stay: a (3.00 GB, in use), b (1.00 GB, pinned)."
    )
    assert caught.value.hint is not None
    assert "quantised" in caught.value.hint
    assert "memoryLimitBytes" in caught.value.hint
    assert len(loaded.items()) == 3


def test_more_than_the_whole_limit_is_refused_with_nothing_loaded() -> None:
    loaded: LoadedModels[Model] = LoadedModels(GB, None)
    with pytest.raises(EngineError, match=r"the limit is 1\.00 GB, of which 0 B are in use"):
        loaded.least_needed(GB + 1)
    assert loaded.least_needed(GB) == []


def test_idle_models_go_after_their_time(loaded: LoadedModels[Model], clock: Clock) -> None:
    # Used at 110, 120 and 130; now it is 130.
    assert loaded.next_wake() == 40
    assert loaded.idle() == []
    clock.now = 170
    assert loaded.next_wake() == 0
    assert names(loaded.idle()) == ["a"]
    clock.now = 185
    assert names(loaded.idle()) == ["a", "b"]
    loaded.get(ModelKey("a"))
    assert names(loaded.idle()) == ["b"]
    clock.now = 190
    assert names(loaded.idle()) == ["b", "c"]


def test_a_model_in_use_is_not_idle_and_starts_anew(
    loaded: LoadedModels[Model], clock: Clock
) -> None:
    a = loaded.items()[0][1]
    a.active = 1
    clock.now = 185
    assert names(loaded.idle()) == ["b"]
    assert loaded.next_wake() == 0
    loaded.remove(ModelKey("b"))
    assert loaded.next_wake() == 5
    a.active = 0
    clock.now = 244
    assert names(loaded.idle()) == ["c"]
    clock.now = 245
    assert names(loaded.idle()) == ["c", "a"]


def test_pinned_models_are_never_idle(loaded: LoadedModels[Model], clock: Clock) -> None:
    for _key, model in list(loaded.items()):
        model.pinned = True
    clock.now += 10_000
    assert loaded.idle() == []
    assert loaded.next_wake() is None


def test_without_a_time_nothing_is_idle(clock: Clock) -> None:
    loaded: LoadedModels[Model] = LoadedModels(GB, None, clock)
    loaded.add(ModelKey("a"), Model(1))
    clock.now += 10**9
    assert loaded.idle() == []
    assert loaded.next_wake() is None
