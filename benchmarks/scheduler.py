"""What a decision of the scheduler costs, and how near to the best possible a campaign comes: simulated.

    python benchmarks/scheduler.py [--json] [--seeds 3]

The real scheduler class is driven as pytest-xdist drives it; workers are stand-ins that take as long as a
test's (seeded) duration, in simulated time. The bound is what no schedule can beat: for each kind of device the
work there is, shared by the devices of the kind, and the longest test.
"""

from __future__ import annotations

import argparse
import heapq
import json
import random
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace

from pytest_virtualpytest.distribution.history import Durations
from pytest_virtualpytest.distribution.scheduling import DeviceScheduling
from pytest_virtualpytest.distribution.units import Asked

KINDS = ("stb", "tv", "mobile", "desktop")


@dataclass(eq=False)
class Node:
    """A worker that is told tests and runs them in simulated time."""

    gateway: SimpleNamespace
    sent: list[int] = field(default_factory=list)
    shutting_down: bool = False

    def send_runtest_some(self, indices: Sequence[int]) -> None:
        """Take the next tests."""
        self.sent += indices

    def shutdown(self) -> None:
        """Take no more."""
        self.shutting_down = True


class Config:
    """As much of pytest's configuration as the scheduler reads."""

    def __init__(self, nodes: int) -> None:
        self._nodes = nodes

    def getvalue(self, name: str) -> list[str]:
        """Return one specification for each node."""
        return ["popen"] * self._nodes

    def getoption(self, name: str) -> None:
        """Return nothing: the scheduler's chunks are xdist's own affair."""


def main() -> int:
    """Measure, print, and return 1 if a figure is not reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    records = measure(options.seeds)
    for record in records:
        print(json.dumps(record) if options.json else line(record))
    return int(not all(map(reached, records)))


def measure(seeds: int) -> list[dict[str, object]]:
    """Return the three figures; the worst of all seeds for the bound, the median for the cost."""
    hundred = [simulate(100, 10_000, seed) for seed in range(seeds)]
    thousand = [simulate(1000, 10_000, seed) for seed in range(seeds)]
    costs = [statistics.median(cost for cost, _ in runs) for runs in (hundred, thousand)]
    share = min(share for _, share in hundred)
    return [
        record("us-per-test-100x10000", costs[0], "us", 50),
        record("us-per-test-1000x10000", costs[1], "us", 100),
        record("bound-100x10000", share, "of the bound, at least", 0.95),
    ]


def simulate(devices: int, tests: int, seed: int) -> tuple[float, float]:
    """Return the microseconds that a test costs the controller, and the bound as a share of the makespan."""
    chance = random.Random(seed)
    names = [f"{KINDS[number % len(KINDS)]}{number}" for number in range(devices)]
    sets = [[[name for name in names if name.startswith(kind)]] for kind in KINDS] + [[names], []]
    numbers = chance.choices(range(len(sets)), (30, 25, 15, 15, 10, 5), k=tests)
    nodeids = [f"test_{number}" for number in range(tests)]
    seconds = {test: chance.uniform(5, 900) for test in nodeids}
    scheduling = DeviceScheduling(Config(devices), _Log(), Durations(seconds), names, lambda *_: None, lambda: ())
    scheduling.asked = Asked(sets, numbers, [""] * tests)
    nodes = [Node(SimpleNamespace(id=f"gw{number}")) for number in range(devices)]
    for node in nodes:
        scheduling.add_node(node)
        scheduling.add_node_collection(node, nodeids)
    cost, makespan = run(scheduling, nodes, [seconds[test] for test in nodeids])
    return cost / tests * 1e6, bound(sets, numbers, [seconds[test] for test in nodeids]) / makespan


class _Log:
    """Takes what the scheduler logs."""

    loadsched = staticmethod(lambda *_: None)


def run(scheduling: DeviceScheduling, nodes: list[Node], seconds: list[float]) -> tuple[float, float]:
    """Run all tests; return the seconds spent in the scheduler, and the simulated makespan."""
    begin = time.process_time()
    scheduling.schedule()
    spent, now, ends = time.process_time() - begin, 0.0, []
    changed: Sequence[Node] = nodes
    while True:
        for node in changed:
            for test in node.sent:
                heapq.heappush(ends, (now + seconds[test], test, id(node), node))
            node.sent.clear()
        if not ends:
            assert scheduling.tests_finished
            return spent, now
        now, test, _, node = heapq.heappop(ends)
        begin = time.process_time()
        scheduling.mark_test_complete(node, test, seconds[test])
        spent += time.process_time() - begin
        changed = [one for one in nodes if one.sent]


def bound(sets: list[list[list[str]]], numbers: list[int], seconds: list[float]) -> float:
    """Return the time that no schedule can beat."""
    alone = [0.0] * len(sets)
    for took, number in zip(seconds, numbers, strict=True):
        alone[number] += took
    each = [total / len(needs[0]) for needs, total in zip(sets, alone, strict=True) if needs]
    everything = sum(total for needs, total in zip(sets, alone, strict=True) if needs)
    return max(*each, everything / len(sets[-2][0]), *seconds)


def record(figure: str, ours: float, unit: str, want: float) -> dict[str, object]:
    """Return the figure as benchmarks/README.md describes it."""
    return {"figure": figure, "ours": round(ours, 3), "rival": None, "ratio": None, "unit": unit, "want": want}


def reached(record: dict[str, object]) -> bool:
    """Tell whether *record* is what was wanted."""
    ours, want = record["ours"], record["want"]
    return bool(ours >= want if record["unit"] != "us" else ours <= want)  # type: ignore[operator]


def line(record: dict[str, object]) -> str:
    """Return *record* as a row of the table."""
    verdict = "reached" if reached(record) else "NOT REACHED"
    return f"{record['figure']:30} {record['ours']:>10} {record['unit']}, wanted {record['want']}: {verdict}"


if __name__ == "__main__":
    sys.exit(main())
