"""What a run will come to, and which tests fit into its budget."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pytest_virtualpytest.distribution.forecast import fitting, forecast
from pytest_virtualpytest.distribution.history import Durations
from pytest_virtualpytest.distribution.pool import Names, Pool, Unit

BOXES, TV = ("stb1", "stb2"), ("tv1",)
DEVICES = (*BOXES, *TV)


def units(*lengths: float, needs: tuple[Names, ...] = (BOXES,), first: int = 0) -> list[Unit]:
    """Return a unit of each length."""
    return [Unit((number,), needs, seconds) for number, seconds in enumerate(lengths, first)]


def numbers(chosen: list[Unit]) -> list[int]:
    return sorted(number for unit in chosen for number in unit.tests)


def test_devices_share_the_work() -> None:
    told = forecast(DEVICES, [*units(3, 2, 2, 1), *units(5, needs=(TV,), first=4)], workers=3)

    assert told.seconds == 5
    assert told.busy == {"stb1": 4, "stb2": 4, "tv1": 5}


def test_workers_are_a_limit_as_devices_are() -> None:
    assert forecast(DEVICES, units(2, 2, 2, 2), workers=1).seconds == 8


def test_test_on_two_devices_needs_both() -> None:
    told = forecast(DEVICES, [*units(2, needs=(BOXES, TV)), *units(1, needs=(TV,), first=1)], workers=3)

    assert told.seconds == 3


def test_nothing_takes_no_time() -> None:
    assert forecast(DEVICES, [], workers=3).seconds == 0


def test_file_order_begins_with_the_first() -> None:
    pool = Pool(["stb1"], units(1, 9, 5), in_file_order=True)

    order = []
    while (begun := pool.next()) is not None:
        order.append(begun.unit.tests[0])
        pool.free(begun.devices)

    assert order == [0, 1, 2]


def test_budget_has_room_for_all() -> None:
    assert numbers(fitting(DEVICES, units(3, 2, 2, 1), 3, budget=4)) == [0, 1, 2, 3]


def test_longest_that_fit_are_taken_and_shorter_ones_fill_the_gaps() -> None:
    assert numbers(fitting(BOXES, units(9, 6, 5, 3, 1), 1, budget=10)) == [0, 4]


def test_test_longer_than_the_budget_is_left_out() -> None:
    assert numbers(fitting(DEVICES, units(11, 2), 3, budget=10)) == [1]


def test_budget_holds_for_each_sort_of_device() -> None:
    many = [*units(4, 4, 4), *units(4, 4, 4, needs=(TV,), first=3)]

    assert numbers(fitting(DEVICES, many, 3, budget=8)) == [0, 1, 2, 3, 4]


def test_nothing_fits() -> None:
    assert fitting(DEVICES, units(2, 2), 3, budget=1) == []


@pytest.mark.parametrize("in_file_order", [False, True])
@pytest.mark.parametrize("seed", range(20))
def test_forecast_of_what_fits_is_within_the_budget(seed: int, in_file_order: bool) -> None:
    chance = random.Random(seed)
    sorts: list[tuple[Names, ...]] = [(BOXES,), (TV,), (DEVICES,), (BOXES, TV), (("stb2",),), ()]
    many = [Unit((number,), chance.choice(sorts), chance.uniform(0.1, 9)) for number in range(80)]

    chosen = fitting(DEVICES, many, 3, budget=40, in_file_order=in_file_order)

    assert forecast(DEVICES, chosen, 3, in_file_order=in_file_order).seconds <= 40
    assert 0 < len(chosen) < len(many)
    if not in_file_order:
        assert forecast(DEVICES, chosen, 3).seconds >= 40 * 0.75


def test_choice_is_the_same_whatever_the_order_of_the_units() -> None:
    many = units(*[1 + number % 3 for number in range(30)])

    assert numbers(fitting(DEVICES, many, 3, budget=9)) == numbers(fitting(DEVICES, many[::-1], 3, budget=9))


def test_durations_of_earlier_runs_are_read_from_their_journals(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    line = '{{"kind": "verdict", "test": "{}", "data": {{"duration": {}}}}}\n'
    for folder, text in (
        ("2026-01-01T10-00-00", line.format("test_a.py::test_old", 3) + line.format("test_a.py::test_both", 3)),
        ("2026-01-02T10-00-00", line.format("test_a.py::test_both", 7) + "half a line"),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "virtualpytest-run.jsonl").write_text(text)

    durations = Durations.of(pytestconfig, tmp_path / "2026-01-03T10-00-00")

    assert (durations.seconds("test_a.py::test_old"), durations.seconds("test_a.py::test_both")) == (3, 7)
