"""Which tests go next, and on which devices."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence

import pytest

from pytest_virtualpytest.distribution.history import Durations
from pytest_virtualpytest.distribution.pool import Assignment, Pool, Unit
from pytest_virtualpytest.distribution.units import Asked

BOXES, TVS = ("stb1", "stb2"), ("tv1",)
ANY = (*BOXES, *TVS)


def taken(pool: Pool) -> list[Assignment]:
    """Take all that can begin now."""
    return list(iter(pool.next, None))


def makespan(devices: Sequence[str], workers: int, units: Iterable[Unit]) -> float:
    """Return when the last unit ends, run as the pool says."""
    pool, now = Pool(devices, units), 0.0
    running: list[tuple[float, Assignment]] = []
    while pool.waiting or running:
        while len(running) < workers and (begun := pool.next()) is not None:
            running.append((now + begun.unit.seconds, begun))
        running.sort(key=lambda one: one[0])
        now, ended = running.pop(0)
        pool.free(ended.devices)
    return now


def test_longest_goes_first() -> None:
    pool = Pool(["stb1"], [Unit((number,), (BOXES,), seconds) for number, seconds in enumerate((2.0, 9.0, 5.0))])

    order = []
    while (begun := pool.next()) is not None:
        order.append(begun.unit.tests[0])
        pool.free(begun.devices)

    assert order == [1, 2, 0]


def test_nothing_begins_without_a_free_device() -> None:
    pool = Pool(["stb1"], [Unit((0,), (("stb1",),)), Unit((1,), (("stb1",),))])

    first, second = pool.next(), pool.next()

    assert first is not None
    assert second is None
    assert pool.waiting == 1


def test_test_without_a_device_fills_in() -> None:
    pool = Pool(["stb1"], [Unit((0,)), Unit((1,), (("stb1",),), 0.1), Unit((2,), (("stb1",),))])

    assert [begun.unit.tests[0] for begun in taken(pool)] == [2, 0]


def test_busiest_devices_are_served_first() -> None:
    units = [Unit((0,), (BOXES,), 5.0), *(Unit((number,), (TVS,), 4.0) for number in (1, 2, 3))]
    pool = Pool(ANY, units)

    first = pool.next()

    assert first is not None
    assert first.devices == ("tv1",)


def test_device_that_others_need_is_spared() -> None:
    pool = Pool(ANY, [Unit((0,), (ANY,), 9.0), Unit((1,), (TVS,), 1.0)])

    devices = {begun.unit.tests[0]: begun.devices for begun in taken(pool)}

    assert devices == {0: ("stb1",), 1: ("tv1",)}


def test_pair_takes_two_different_devices() -> None:
    pool = Pool(BOXES, [Unit((0,), (BOXES, ("stb1",))), Unit((1,), (BOXES,))])

    begun = taken(pool)

    assert [one.devices for one in begun] == [("stb2", "stb1")]


def test_dropped_device_is_used_no_more_and_its_tests_run_to_say_so() -> None:
    pool = Pool(ANY, [Unit((0,), (TVS,)), Unit((1,), (BOXES,)), Unit((2,), (ANY,))])

    pool.drop(["tv1", "stb1"])

    begun = {one.unit.tests[0]: one.devices for one in taken(pool)}
    assert begun in ({0: (), 1: ("stb2",)}, {0: (), 2: ("stb2",)})
    pool.free(["tv1", "stb1"])
    assert pool.next() is None


@pytest.mark.parametrize("seed", range(5))
def test_schedule_is_near_the_lower_bound(seed: int) -> None:
    chance = random.Random(seed)
    kinds = [tuple(f"{kind}{number}" for number in range(4)) for kind in ("stb", "tv", "mobile")]
    units = [Unit((number,), (chance.choice(kinds),), chance.uniform(5, 900)) for number in range(300)]
    bound = max(sum(unit.seconds for unit in units if unit.needs == (kind,)) / len(kind) for kind in kinds)

    assert makespan([name for kind in kinds for name in kind], 12, units) < bound * 1.05


def test_tests_of_one_wider_fixture_are_one_unit() -> None:
    asked = Asked([[], [["stb1", "stb2"]]], [1, 1, 0, 1], ["box module a.py", "box module a.py", "", ""])

    units = asked.units(range(4), ["a::1", "a::2", "b::1", "b::2"], Durations({"a::1": 3.0, "a::2": 4.0}))

    assert units == [
        Unit((0, 1), (BOXES,), 7.0, shared=True), Unit((2,), (), 3.5), Unit((3,), (BOXES,), 3.5),
    ]  # fmt: skip


def test_unit_needs_all_that_any_of_its_tests_does() -> None:
    asked = Asked([[["stb1", "stb2"]], [["stb1", "stb2"], ["tv1"]]], [0, 1], ["box", "box"])

    [unit] = asked.units(range(2), ["a", "b"], Durations({}))

    assert unit.needs == (BOXES, TVS)


def test_unknown_test_takes_as_long_as_others_do() -> None:
    durations = Durations({"a": 1.0, "b": 3.0, "c": 50.0})

    assert (durations.seconds("new"), durations.seconds("a")) == (3.0, 1.0)


def test_devices_of_a_unit_are_all_of_one_site() -> None:
    sites = [frozenset({"stb1"}), frozenset({"stb2", "tv1"})]
    pool = Pool(ANY, [Unit((0,), (BOXES, TVS))], sites=sites)

    assert pool.next(sites[:1]) is None
    begun = pool.next(sites)

    assert begun is not None
    assert begun.devices == ("stb2", "tv1")


def test_unit_that_no_site_can_serve_any_more_needs_nothing_and_so_fails_where_it_runs() -> None:
    sites = [frozenset({"stb1"}), frozenset({"stb2", "tv1"})]
    pool = Pool(ANY, [Unit((0,), (BOXES, TVS))], sites=sites)

    pool.drop(["stb2"])
    begun = pool.next(sites[:1])

    assert begun is not None
    assert begun.devices == ()


def test_unit_of_more_devices_than_are_left_does_not_wait_for_ever() -> None:
    pool = Pool(BOXES, [Unit((0,), (BOXES, BOXES))])

    pool.drop(["stb2"])

    assert pool.next() is not None
