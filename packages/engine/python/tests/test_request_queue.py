"""Which call is next: each promise of the queue, then all of them under random use."""

import random
from collections import Counter
from dataclasses import dataclass, field

import pytest

from mlx_app.worker.runner.call import Priority
from mlx_app.worker.scheduler.request_queue import (
    MAX_PASSES,
    MAX_PASSING_SECONDS,
    MAX_TRIES,
    PRIORITIES,
    TURNS,
    RequestQueue,
)


@dataclass(eq=False)
class Call:
    priority: Priority = "normal"
    caller: str = ""
    size: int = 1
    number: int = field(default=0)


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def always(_call: Call) -> bool:
    return True


def never(_call: Call) -> bool:
    return False


def take_all(queue: RequestQueue[Call]) -> list[Call]:
    taken: list[Call] = []
    while (call := queue.take(always)) is not None:
        taken.append(call)
    return taken


def test_first_come_first_served() -> None:
    queue: RequestQueue[Call] = RequestQueue()
    calls = [Call(number=number) for number in range(5)]
    for call in calls:
        queue.put(call)
    assert len(queue) == 5
    assert list(queue) == calls
    assert take_all(queue) == calls
    assert len(queue) == 0
    assert queue.take(always) is None


def test_the_turns_are_shared_by_weight() -> None:
    queue: RequestQueue[Call] = RequestQueue()
    for priority in PRIORITIES:
        for number in range(100):
            queue.put(Call(priority, number=number))
    order = [call.priority for call in (queue.take(always) for _ in range(70)) if call]
    assert Counter(order) == {"interactive": 40, "normal": 20, "batch": 10}
    assert order[0] == "interactive"
    for priority, gap in (("interactive", 2), ("normal", 4), ("batch", 7)):
        for start in range(70 - gap + 1):
            assert priority in order[start : start + gap]


def test_a_turn_without_use_goes_to_the_first_class_that_has_one() -> None:
    queue: RequestQueue[Call] = RequestQueue()
    for priority in ("batch", "batch", "normal", "normal", "normal"):
        queue.put(Call(priority))
    order = [call.priority for call in take_all(queue)]
    # The turns are i n i b i n i: the fourth is the batch's own.
    assert order == ["normal", "normal", "normal", "batch", "batch"]


def test_callers_take_turns() -> None:
    queue: RequestQueue[Call] = RequestQueue()
    for caller, count in (("ann", 5), ("bob", 2), ("eve", 1)):
        for number in range(count):
            queue.put(Call(caller=caller, number=number))
    order = [(call.caller, call.number) for call in take_all(queue)]
    assert order == [
        ("ann", 0),
        ("bob", 0),
        ("eve", 0),
        ("ann", 1),
        ("bob", 1),
        ("ann", 2),
        ("ann", 3),
        ("ann", 4),
    ]


def test_leaving_and_coming_back_brings_nobody_forward() -> None:
    queue: RequestQueue[Call] = RequestQueue()
    for number in range(3):
        queue.put(Call(caller="ann", number=number))
    order: list[str] = []
    for _ in range(3):
        queue.put(Call(caller="bob"))
        order += [call.caller for call in (queue.take(always), queue.take(always)) if call]
    assert order == ["ann", "bob"] * 3


def test_a_preempted_call_is_first_of_its_priority() -> None:
    queue: RequestQueue[Call] = RequestQueue()
    queue.put(Call(caller="ann", number=1))
    queue.put(Call(caller="bob", number=2))
    queue.put(Call(caller="eve", number=3))
    back = Call(caller="bob", number=0)
    queue.put_back(back)
    assert len(queue) == 4
    assert [call.number for call in take_all(queue)] == [0, 1, 3, 2]


def test_what_does_not_fit_lets_others_pass_for_a_while() -> None:
    queue: RequestQueue[Call] = RequestQueue()
    big = Call(caller="big", size=10)
    queue.put(big)
    for number in range(50):
        queue.put(Call(caller="small", number=number))

    def small(call: Call) -> bool:
        return call.size == 1

    taken = [queue.take(small) for _ in range(MAX_PASSES)]
    assert [call.number for call in taken if call] == list(range(MAX_PASSES))
    # Its turn has come once too often: the line is blocked, for every class, until it fits.
    assert queue.take(small) is None
    queue.put(Call("interactive"))
    asked: list[Call] = []

    def note(call: Call) -> bool:
        asked.append(call)
        return call.size == 1

    assert queue.take(note) is None
    assert asked == [big]
    assert queue.take(always) is big
    after = queue.take(small)
    assert after is not None
    assert after.size == 1


def test_a_call_that_blocked_takes_nobodys_turn() -> None:
    queue: RequestQueue[Call] = RequestQueue()
    big = Call(caller="big", size=10)
    queue.put(big)
    for priority in PRIORITIES:
        for _ in range(60):
            queue.put(Call(priority))
    order: list[Priority] = []
    while (call := queue.take(lambda call: call.size == 1)) is not None:
        order.append(call.priority)
    assert len(order) > MAX_PASSES
    assert queue.take(always) is big
    order += [call.priority for call in (queue.take(always) for _ in range(21)) if call]
    assert order == [TURNS[place % len(TURNS)] for place in range(len(order))]


def test_passing_ends_after_a_time() -> None:
    clock = Clock()
    queue: RequestQueue[Call] = RequestQueue(clock)
    big = Call(caller="big", size=10)
    queue.put(big)
    for _ in range(5):
        queue.put(Call(caller="small"))

    def small(call: Call) -> bool:
        return call.size == 1

    assert queue.take(small) is not None
    clock.now += MAX_PASSING_SECONDS - 0.1
    assert queue.take(small) is not None
    clock.now += 0.2
    assert queue.take(small) is None
    # When it leaves the line goes on.
    assert queue.remove(big)
    assert queue.take(small) is not None


def test_a_full_machine_passes_nobody_over_and_tries_few() -> None:
    queue: RequestQueue[Call] = RequestQueue()
    for number in range(1000):
        queue.put(Call(caller=f"caller {number}"))
    asked = 0

    def full(_call: Call) -> bool:
        nonlocal asked
        asked += 1
        return False

    for _ in range(100):
        assert queue.take(full) is None
    assert asked == 100 * MAX_TRIES
    # Nobody was overtaken, so the first is still the first and none blocks.
    first = queue.take(always)
    assert first is not None
    assert first.caller == "caller 0"


def test_a_call_leaves_once() -> None:
    queue: RequestQueue[Call] = RequestQueue()
    call = Call()
    queue.put(call)
    assert call in queue
    with pytest.raises(ValueError, match="queued already"):
        queue.put(call)
    assert queue.remove(call)
    assert call not in queue
    assert not queue.remove(call)
    assert queue.take(always) is None


@pytest.mark.parametrize("seed", range(30))
def test_the_promises_hold_under_random_use(seed: int) -> None:
    chance = random.Random(seed)
    clock = Clock()
    queue: RequestQueue[Call] = RequestQueue(clock)
    inside: list[Call] = []
    put = left = 0
    # Places in a row that a class with calls in line did not get, by class.
    hungry: Counter[Priority] = Counter()
    # For each caller that waits: places of others of its class since its last one.
    others: dict[tuple[Priority, str], Counter[str]] = {}
    bounds: dict[Priority, int] = {"interactive": 2, "normal": 4, "batch": 7}

    def forget() -> None:
        for priority in PRIORITIES:
            if all(call.priority != priority for call in inside):
                hungry[priority] = 0
        waits = {(call.priority, call.caller) for call in inside}
        for key in set(others) - waits:
            del others[key]

    for step in range(3000):
        clock.now += chance.random()
        action = chance.random()
        if action < 0.5:
            call = Call(
                chance.choice(PRIORITIES),
                chance.choice(["", "ann", "bob", "eve"]),
                number=step,
            )
            queue.put(call)
            inside.append(call)
            others.setdefault((call.priority, call.caller), Counter())
            put += 1
        elif action < 0.9:
            expected = bool(inside)
            taken = queue.take(always)
            assert (taken is not None) == expected
            if taken is None:
                continue
            same = [c for c in inside if (c.priority, c.caller) == (taken.priority, taken.caller)]
            assert same[0] is taken
            for priority in {call.priority for call in inside}:
                hungry[priority] = 0 if priority == taken.priority else hungry[priority] + 1
                assert hungry[priority] < bounds[priority]
            for (priority, caller), places in others.items():
                if priority == taken.priority and caller != taken.caller:
                    places[taken.caller] += 1
                    assert places[taken.caller] <= 1
            others[taken.priority, taken.caller] = Counter()
            inside.remove(taken)
            left += 1
        elif inside:
            gone = chance.choice(inside)
            assert queue.remove(gone)
            inside.remove(gone)
            left += 1
        assert len(queue) == len(inside) == put - left
        assert list(queue) == inside
        forget()
    assert put > 1000


@pytest.mark.parametrize("seed", range(10))
def test_nobody_is_passed_over_forever(seed: int) -> None:
    """Ten units, calls of 1 to 3 or 10 that end at random, a line of 40 at all times."""
    chance = random.Random(seed)
    queue: RequestQueue[Call] = RequestQueue(Clock())
    running: list[Call] = []
    # For each call that was refused at its turn: who passed it, and places given in turn since.
    passes: Counter[int] = Counter()
    since: dict[int, int] = {}
    places = big = blocked = 0
    for number in range(6000):
        while len(queue) < 40:
            size = 10 if chance.random() < 0.05 else chance.randint(1, 3)
            call = Call(chance.choice(PRIORITIES), chance.choice("abcd"), size, number)
            queue.put(call)
            # The number of an object that is gone may come again.
            passes.pop(id(call), None)
        free = 10 - sum(call.size for call in running)
        refused: list[Call] = []

        def fits(call: Call, free: int = free, refused: list[Call] = refused) -> bool:
            if call.size > free:
                refused.append(call)
            return call.size <= free

        taken = queue.take(fits)
        if taken is None:
            blocked += any(passes[id(call)] >= MAX_PASSES for call in refused)
            running.remove(chance.choice(running))
            continue
        places += 1
        big += taken.size == 10
        running.append(taken)
        if passes.pop(id(taken), 0) < MAX_PASSES:
            for key in since:
                since[key] += 1
        # One turn of the rarest class in seven, for each of its passes and for its own place.
        assert since.pop(id(taken), 0) <= 7 * (MAX_PASSES + 1)
        for call in refused:
            passes[id(call)] += 1
            since.setdefault(id(call), 0)
            assert passes[id(call)] <= MAX_PASSES
    assert places > 1500
    assert big > 20
    assert blocked > 20


def test_ten_thousand_waiting_cost_no_more_for_each() -> None:
    """Counted, not timed: what `take` asks of `fits` does not grow with the line."""
    queue: RequestQueue[Call] = RequestQueue()
    calls = [
        Call(PRIORITIES[number % 3], f"caller {number % 500}", number=number)
        for number in range(10_000)
    ]
    for call in calls:
        queue.put(call)
    for call in calls[::2]:
        assert queue.remove(call)
    asked = 0

    def fits(_call: Call) -> bool:
        nonlocal asked
        asked += 1
        return True

    for _ in range(5_000):
        assert queue.take(fits) is not None
    assert asked == 5_000
    assert len(queue) == 0
