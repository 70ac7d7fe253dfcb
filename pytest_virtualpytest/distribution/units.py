"""The scheduling units of a run: a test by itself, or all that share a device of a wider fixture."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pytest_virtualpytest import collection
from pytest_virtualpytest.distribution.history import Durations
from pytest_virtualpytest.distribution.pool import Names, Unit
from pytest_virtualpytest.needs import Need, assignments

if TYPE_CHECKING:
    import pytest

    from pytest_virtualpytest.lab import Lab


class Asked:
    """What the tests of a run need: sets of needs, and for each test its set's number and its unit's name."""

    def __init__(self, sets: Sequence[Sequence[Sequence[str]]], numbers: Sequence[int], units: Sequence[str]) -> None:
        self._sets = [tuple(tuple(names) for names in needs) for needs in sets]
        self._numbers, self._units = numbers, units

    @property
    def anything(self) -> bool:
        """Whether any test needs a device."""
        return any(self._sets)

    def needs(self, test: int) -> tuple[Names, ...]:
        """Return the devices of which one will do, for each device that *test* needs."""
        return self._sets[self._numbers[test]]

    def units(self, tests: Iterable[int], nodeids: Sequence[str], durations: Durations) -> list[Unit]:
        """Return the units of *tests*."""
        grouped: dict[object, list[int]] = {}
        for test in tests:
            grouped.setdefault(self._units[test] or test, []).append(test)
        return [self.unit(group, nodeids, durations) for group in grouped.values()]

    def unit(self, tests: Sequence[int], nodeids: Sequence[str], durations: Durations) -> Unit:
        """Return the unit of *tests*, which need all that any of them does."""
        seconds = sum(durations.seconds(nodeids[test]) for test in tests)
        if len(tests) == 1:
            return Unit((tests[0],), self.needs(tests[0]), seconds, bool(self._units[tests[0]]))
        most: dict[Names, int] = {}
        for test in tests:
            for names, count in _counted(self.needs(test)).items():
                most[names] = max(most.get(names, 0), count)
        needs = tuple(names for names, count in most.items() for _ in range(count))
        return Unit(tuple(tests), needs, seconds, True)


def wanted(items: Iterable[pytest.Item], lab: Lab) -> tuple[list[Any], list[int], list[str]]:
    """Return what `Asked` is made of: the sets of needs; for each item its set's number, and its unit's name.

    A test that no device serves needs none: it is skipped, or fails, wherever it runs.
    """

    @functools.cache
    def names_of(needs: tuple[Need, ...]) -> list[list[str]]:
        rows = [lab.fitting(need) for need in needs]
        served = next(assignments(rows), None) is not None
        return [[device.name for device in row] for row in rows] if served else []

    sets: dict[str, int] = {}
    numbers, units = [], []
    for item in items:
        names = names_of(collection.needs_of(item))
        numbers.append(sets.setdefault(json.dumps(names), len(sets)))
        units.append(collection.unit_of(item))
    return [json.loads(names) for names in sets], numbers, units


def _counted(needs: Sequence[Names]) -> Mapping[Names, int]:
    return {names: needs.count(names) for names in needs}
