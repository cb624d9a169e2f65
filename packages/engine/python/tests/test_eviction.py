"""Which model goes when room is needed, and when it has been idle."""

from dataclasses import dataclass

import pytest

from mlx_app.errors import EngineError
from mlx_app.worker.model_pool.eviction import Shelf, name_of

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
def shelf(clock: Clock) -> Shelf[Model]:
    """Three models of 3, 1 and 4 GB under a limit of 10; `a` is the least recently used."""
    shelf: Shelf[Model] = Shelf(10 * GB, 60.0, clock)
    for name, size in (("a", 3), ("b", 1), ("c", 4)):
        clock.now += 10
        shelf.add((name, None), Model(size * GB))
    return shelf


def names(keys: list[tuple[str, str | None]]) -> list[str]:
    return [name_of(key) for key in keys]


def test_what_is_there(shelf: Shelf[Model]) -> None:
    assert [key[0] for key in shelf] == ["a", "b", "c"]
    assert len(shelf) == 3
    assert ("a", None) in shelf
    assert ("a", "french") not in shelf
    assert shelf.get(("a", "french")) is None
    assert shelf.bytes == 8 * GB
    with pytest.raises(ValueError, match="on the shelf"):
        shelf.add(("a", None), Model(1))


def test_a_model_with_an_adapter_is_another_one(shelf: Shelf[Model]) -> None:
    shelf.add(("a", "french"), Model(GB))
    assert shelf.find("a") == [("a", None), ("a", "french")]
    assert names(shelf.find("a")) == ["a", "a with french"]
    assert shelf.remove(("a", None)) is not None
    assert shelf.remove(("a", None)) is None
    assert shelf.find("a") == [("a", "french")]


def test_nothing_goes_where_there_is_room(shelf: Shelf[Model]) -> None:
    assert shelf.make_room(2 * GB) == []
    assert shelf.make_room(0) == []


def test_the_least_recently_used_goes_first(shelf: Shelf[Model], clock: Clock) -> None:
    assert names(shelf.make_room(4 * GB)) == ["a"]
    clock.now += 1
    shelf.get(("a", None))
    assert names(shelf.make_room(3 * GB)) == ["b"]
    assert names(shelf.make_room(10 * GB)) == ["b", "c", "a"]


def test_other_memory_counts(shelf: Shelf[Model]) -> None:
    assert names(shelf.make_room(2 * GB, others=GB)) == ["a"]


def test_a_model_is_spared_that_a_larger_one_makes_unnecessary(shelf: Shelf[Model]) -> None:
    shelf.get(("a", None))
    # b and c are the longest unused; without c it is not enough, and with c b may stay.
    assert names(shelf.make_room(5 * GB)) == ["c"]


def test_models_in_use_pinned_or_wanted_stay(shelf: Shelf[Model]) -> None:
    for key, model in shelf.items():
        model.active = 2 if key[0] == "a" else 0
    assert names(shelf.make_room(3 * GB)) == ["b"]
    assert names(shelf.make_room(3 * GB, kept=("b", None))) == ["c"]
    shelf.items()[1][1].pinned = True
    assert names(shelf.make_room(3 * GB)) == ["c"]
    assert shelf.idle_bytes == 4 * GB
    assert shelf.pinned_bytes == GB


def test_nothing_goes_where_it_would_not_be_enough(shelf: Shelf[Model]) -> None:
    (_, a), (_, b), _ = shelf.items()
    a.active, b.pinned = 1, True
    with pytest.raises(EngineError) as caught:
        shelf.make_room(7 * GB, what="big-model")
    assert caught.value.code == "OUT_OF_MEMORY"
    assert caught.value.message == (
        "big-model needs 7.00 GB more of memory; the limit is 10.0 GB, of which 8.00 GB are in use "
        "and 4.00 GB of that can be unloaded. These stay: a (3.00 GB, in use), b (1.00 GB, pinned)."
    )
    assert caught.value.hint is not None
    assert "quantised" in caught.value.hint
    assert "memoryLimitBytes" in caught.value.hint
    assert len(shelf) == 3


def test_more_than_the_whole_limit_is_refused_on_an_empty_shelf() -> None:
    shelf: Shelf[Model] = Shelf(GB, None)
    with pytest.raises(EngineError, match=r"the limit is 1\.00 GB, of which 0 B are in use"):
        shelf.make_room(GB + 1)
    assert shelf.make_room(GB) == []


def test_idle_models_go_after_their_time(shelf: Shelf[Model], clock: Clock) -> None:
    # Used at 110, 120 and 130; now it is 130.
    assert shelf.next_wake() == 40
    assert shelf.idle() == []
    clock.now = 170
    assert shelf.next_wake() == 0
    assert names(shelf.idle()) == ["a"]
    clock.now = 185
    assert names(shelf.idle()) == ["a", "b"]
    shelf.get(("a", None))
    assert names(shelf.idle()) == ["b"]
    assert names(shelf.idle(now=190.0)) == ["b", "c"]


def test_a_model_in_use_is_not_idle_and_starts_anew(shelf: Shelf[Model], clock: Clock) -> None:
    a = shelf.items()[0][1]
    a.active = 1
    clock.now = 185
    assert names(shelf.idle()) == ["b"]
    assert shelf.next_wake() == 0
    shelf.remove(("b", None))
    assert shelf.next_wake() == 5
    a.active = 0
    clock.now = 244
    assert names(shelf.idle()) == ["c"]
    clock.now = 245
    assert names(shelf.idle()) == ["c", "a"]


def test_pinned_models_are_never_idle(shelf: Shelf[Model], clock: Clock) -> None:
    for _key, model in list(shelf.items()):
        model.pinned = True
    clock.now += 10_000
    assert shelf.idle() == []
    assert shelf.next_wake() is None


def test_without_a_time_nothing_is_idle(clock: Clock) -> None:
    shelf: Shelf[Model] = Shelf(GB, None, clock)
    shelf.add(("a", None), Model(1))
    clock.now += 10**9
    assert shelf.idle() == []
    assert shelf.next_wake() is None
