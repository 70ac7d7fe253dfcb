"""What a run will come to, before it is run: the pool's schedule, played through with the durations of the last run."""

from __future__ import annotations

import bisect
import heapq
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pytest_virtualpytest.distribution.pool import Names, Pool, Unit


@dataclass(frozen=True)
class Forecast:
    """The seconds that a run will take, and those in which each device will be in use."""

    seconds: float
    busy: Mapping[str, float]


def forecast(
    devices: Sequence[str], units: Iterable[Unit], workers: int, *, in_file_order: bool = False
) -> Forecast:
    """Return what *units* will come to on *devices*, with so many *workers*."""
    pool, now = Pool(devices, units, in_file_order=in_file_order), 0.0
    running: list[tuple[float, int, Names]] = []
    busy = defaultdict[str, float](float)
    begun = 0
    while True:
        while len(running) < workers and pool.waiting and (assignment := pool.next()) is not None:
            begun += 1
            heapq.heappush(running, (now + assignment.unit.seconds, begun, assignment.devices))
            for name in assignment.devices:
                busy[name] += assignment.unit.seconds
        if not running:
            return Forecast(now, dict(busy))
        now, _, ended = heapq.heappop(running)
        pool.free(ended)


def fitting(
    devices: Sequence[str], units: Iterable[Unit], workers: int, budget: float, *, in_file_order: bool = False
) -> list[Unit]:
    """Return the longest of *units* that *workers* can do on *devices* within *budget* seconds, none of it exceeded."""
    chosen = _placed(devices, units, workers, budget)

    def seconds(count: int) -> float:
        return forecast(devices, chosen[:count], workers, in_file_order=in_file_order).seconds

    if seconds(len(chosen)) > budget:  # the pool's schedule is another one: it does not know which end is near
        del chosen[bisect.bisect_right(range(1, len(chosen) + 1), budget, key=seconds) :]
    return chosen


def _placed(devices: Sequence[str], units: Iterable[Unit], workers: int, budget: float) -> list[Unit]:
    """Return the units that fit when each, the longest first, goes where it can begin first."""
    hands = [0.0] * workers  # when each worker is free, in order
    ends = dict.fromkeys(devices, 0.0)
    chosen = []
    for unit in sorted(units, key=lambda unit: (-unit.seconds, unit.tests)):
        taken = _earliest(unit.needs, ends)
        free = max((ends[name] for name in taken), default=0.0)
        hand = max(0, bisect.bisect_right(hands, free) - 1)  # the one that waits least for the devices
        end = max(free, hands[hand]) + unit.seconds
        if end <= budget and len(taken) == len(unit.needs):
            del hands[hand]
            bisect.insort(hands, end)
            ends.update(dict.fromkeys(taken, end))
            chosen.append(unit)
    return chosen


def _earliest(needs: Iterable[Names], ends: Mapping[str, float]) -> list[str]:
    """Return, for each of *needs*, the device that is free first."""
    taken: list[str] = []
    for need in needs:
        names = [name for name in need if name not in taken]
        taken += [min(names, key=ends.__getitem__)] if names else []
    return taken
