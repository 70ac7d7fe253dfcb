"""Which tests go next, and on which devices: a list schedule, indexed by what tests need.

Of the tests that can begin now, those go first whose devices have most left to do; among these the longest
one (Graham's longest processing time first). Where several free devices would do, the one that fewest
tests can use otherwise is taken. A decision costs as much as there are different needs, whatever the number of tests.
"""

from __future__ import annotations

import bisect
import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace

Names = tuple[str, ...]  # the devices of which one is needed
Sites = Sequence[frozenset[str]]


@dataclass(frozen=True)
class Unit:
    """Tests that run one after the other on the same devices; *needs* has the devices that will do, for each.

    *shared* says that they are kept from one test to the next, by a fixture of a wider scope.
    """

    tests: tuple[int, ...]
    needs: tuple[Names, ...] = ()
    seconds: float = 1.0
    shared: bool = False


@dataclass(frozen=True)
class Assignment:
    """A unit, and a device for each of its needs."""

    unit: Unit
    devices: Names


def _in_file_order(unit: Unit) -> tuple[float, int]:
    """Return a unit's place in its queue, from the end: the one collected first."""
    return -unit.tests[0], 0


def _longest_first(unit: Unit) -> tuple[float, int]:
    """Return a unit's place in its queue, from the end: the longest, of equally long ones that collected first."""
    return unit.seconds, -unit.tests[0]


class Pool:
    """The units that wait, and the devices that are free; *in_file_order* instead of the most pressing first.

    *sites* are sets of devices, where those of a unit must all be in one.
    """

    def __init__(
        self, devices: Iterable[str], units: Iterable[Unit], *, in_file_order: bool = False, sites: Sites = ()
    ) -> None:
        self._in_file_order, self._sites = in_file_order, sites
        self._rank = {name: number for number, name in enumerate(devices)}
        self._free = set(self._rank)
        self._gone: set[str] = set()
        self._queues: dict[tuple[Names, ...], list[Unit]] = {}
        self._load: defaultdict[Names, float] = defaultdict(float)
        self._uses: Counter[str] = Counter()
        self._spare: dict[Names, list[tuple[int, int, str]]] = {}  # heaps; what is not free any more is passed over
        self._needed_by: defaultdict[str, list[Names]] = defaultdict(list)
        self.waiting = 0
        for unit in units:
            self.put(unit)

    def put(self, unit: Unit) -> None:
        """Add a unit; one that was begun elsewhere and not finished, too."""
        if unit.needs not in self._queues:
            self._queues[unit.needs] = []
            for need in dict.fromkeys(unit.needs):
                self._learn(need)
        bisect.insort(self._queues[unit.needs], unit, key=_in_file_order if self._in_file_order else _longest_first)
        for need in unit.needs:
            self._load[need] += unit.seconds
        self.waiting += 1

    def next(self, sites: Sites = ()) -> Assignment | None:
        """Return what to begin now, in one of *sites* if there are any, its devices taken; None where nothing can."""
        best: tuple[tuple[float, int, float], tuple[Names, ...], Names] | None = None
        for needs, queue in self._queues.items():
            if not queue:
                continue
            pressure = -float(queue[-1].tests[0]) if self._in_file_order else self._pressure(needs)
            rank = (pressure, len(needs), queue[-1].seconds)
            if best is None or rank > best[0]:
                devices = self._match_within(needs, sites) if sites else self._match(needs)
                if devices is not None:
                    best = rank, needs, devices
        if best is None:
            return None
        unit = self._queues[best[1]].pop()
        for need in unit.needs:
            self._load[need] -= unit.seconds
        self._free.difference_update(best[2])
        self.waiting -= 1
        return Assignment(unit, best[2])

    def free(self, devices: Iterable[str]) -> None:
        """Give *devices* back."""
        for name in devices:
            if name not in self._gone:
                self._free.add(name)
                for need in self._needed_by[name]:
                    heapq.heappush(self._spare[need], self._spared(name))

    def drop(self, devices: Iterable[str]) -> None:
        """Use *devices* no more; units that no other device can serve need none, to fail at once where they run."""
        if self._gone.issuperset(devices := set(devices)):
            return
        self._gone |= devices
        self._free -= devices
        hopeless = [unit for needs, queue in self._queues.items() if self._lost(needs) for unit in queue]
        for unit in hopeless:
            self._queues[unit.needs].remove(unit)
            self.waiting -= 1
            self.put(replace(unit, needs=()))

    def _lost(self, needs: tuple[Names, ...]) -> bool:
        left = [site - self._gone for site in self._sites or [frozenset(self._rank)]]
        return all(self._matched(needs, (), site) is None for site in left)

    def _pressure(self, needs: tuple[Names, ...]) -> float:
        """Return how long the busiest of the devices that are needed have still to work."""
        return max((self._load[need] / len(need) for need in needs), default=-1.0)

    def _match(self, needs: tuple[Names, ...]) -> Names | None:
        """Return a free device for each of *needs*, or None."""
        if len(needs) == 1:
            spare = self._spare[needs[0]]
            while spare and spare[0][2] not in self._free:
                heapq.heappop(spare)
            return (spare[0][2],) if spare else None
        return self._matched(needs, (), self._free)

    def _match_within(self, needs: tuple[Names, ...], sites: Sites) -> Names | None:
        """Return a free device for each of *needs*, all in one of *sites*; those that can best be spared."""
        found = [self._matched(needs, (), self._free & site) for site in sites]
        return min((names for names in found if names is not None), key=self._spared_all, default=None)

    def _matched(self, needs: Sequence[Names], taken: Names, free: Set[str]) -> Names | None:
        if not needs:
            return taken
        for _, _, name in sorted(self._spared(name) for name in needs[0] if name in free):
            if name not in taken:
                found = self._matched(needs[1:], (*taken, name), free)
                if found is not None:
                    return found
        return None

    def _learn(self, need: Names) -> None:
        """Take note of a need of a sort that was not there before."""
        self._uses.update(need)
        if need not in self._spare:
            self._spare[need] = sorted(self._spared(name) for name in need if name in self._free)
            for name in need:
                self._needed_by[name].append(need)

    def _spared_all(self, names: Names) -> list[tuple[int, int, str]]:
        return [self._spared(name) for name in names]

    def _spared(self, name: str) -> tuple[int, int, str]:
        """Return *name*, and before it how much it is to be spared for other tests."""
        return self._uses[name], self._rank.get(name, 0), name
