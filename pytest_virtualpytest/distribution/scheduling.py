"""The scheduler that pytest-xdist asks: a worker gets its next test when it is free, with devices that are.

A run of which no test needs a device is left to xdist's own load scheduling.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pytest
from xdist.scheduler import LoadScheduling

from pytest_virtualpytest.distribution.history import Durations
from pytest_virtualpytest.distribution.pool import Assignment, Pool, Unit
from pytest_virtualpytest.distribution.units import Asked

Tell = Callable[..., None]
Unfit = Callable[[], Iterable[str]]


class DeviceScheduling(LoadScheduling):  # type: ignore[misc]  # xdist has no types
    """Gives each free worker a unit whose devices are free, test by test.

    *tell* sends a node a message aside, *unfit* gives the devices that are not to be used any more.
    Where workers are on the hosts, *sites* has each host's devices: a worker uses those of its own.
    Where the number of workers was left to us, `free` has the devices that it was made for. While `paused`, no test
    begins, and what wider fixtures hold is given back; `dispatch` goes on.
    """

    def __init__(
        self, config: pytest.Config, log: Any, durations: Durations, devices: Sequence[str], tell: Tell, unfit: Unfit,
        *, in_file_order: bool = False, sites: Mapping[str, frozenset[str]] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(config, log)
        self.asked: Asked | None = None
        self.free: frozenset[str] | None = None
        self.paused: Callable[[], bool] = lambda: False
        self._durations, self._devices, self._tell, self._unfit = durations, devices, tell, unfit
        self._in_file_order, self._sites = in_file_order, sites or {}
        self._pool: Pool | None = None
        self._doing: dict[Any, tuple[Assignment, list[int]]] = {}
        self._idle: dict[Any, None] = {}
        self._opened: dict[str, dict[Any, None]] = {}  # the nodes that have opened each device

    @property
    def tests_finished(self) -> bool:
        """Tell whether nothing is left to do."""
        if self._pool is None:
            return bool(super().tests_finished)
        return not self._pool.waiting and not any(self.node2pending.values())

    @property
    def has_pending(self) -> bool:
        """Tell whether tests wait or run."""
        return bool(super().has_pending or (self._pool and self._pool.waiting))

    def schedule(self) -> None:
        """Begin, or go on with the nodes that have come."""
        if self._pool is not None:
            self._await_work()
            self.dispatch()
        elif self.asked is None or not self.asked.anything:
            super().schedule()
        elif self._check_nodes_have_same_collection():
            self.collection = next(iter(self.node2collection.values()))
            units = self.asked.units(range(len(self.collection)), self.collection, self._durations)
            self._pool = Pool(self._devices, units, in_file_order=self._in_file_order, sites=list(self._sites.values()))
            self._await_work()
            self._end_surplus(units)
            self.dispatch()

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        """Take note that *node* has ended a test, and give it another."""
        if self.collection is not None:
            self._durations.learn(self.collection[item_index], duration)
        if self._pool is None:
            super().mark_test_complete(node, item_index, duration)
            return
        self.node2pending[node].remove(item_index)
        assignment, rest = self._doing[node]
        if rest and not node.shutting_down and not self.paused():
            self._send(node, rest)
            return
        self._end(node, assignment, rest)
        self.dispatch()

    def mark_test_pending(self, item: str) -> None:
        """Run *item* again."""
        if self._pool is None or self.collection is None or self.asked is None:
            super().mark_test_pending(item)
            return
        self._pool.put(self.asked.unit([self.collection.index(item)], self.collection, self._durations))
        self.dispatch()

    def remove_node(self, node: Any) -> str | None:
        """Forget *node*, and return the test at which it died; the rest of its unit goes to another."""
        if self._pool is None:
            found: str | None = super().remove_node(node)
            return found
        running = self.node2pending.pop(node)
        self._idle.pop(node, None)
        if node not in self._doing:
            return None
        assignment, rest = self._doing.pop(node)
        self._pool.free(assignment.devices)
        self._put_back(rest)
        self.dispatch()
        assert self.collection is not None
        return self.collection[running[0]] if running else None

    def dispatch(self) -> None:
        """Give every free node something to do; end those for which nothing is left."""
        assert self._pool is not None
        self._pool.drop(self._unfit())
        while self._idle and (assignment := self._next()) is not None:
            node = self._take_node(assignment.devices)
            self._doing[node] = assignment, list(assignment.unit.tests)
            self._tell(node, "assign", list(assignment.devices))
            self._send(node, self._doing[node][1])
        while self._idle and not self._pool.waiting:
            self._idle.popitem()[0].shutdown()

    def resume(self) -> None:
        """Go on after a pause."""
        if self._pool is not None:
            self.dispatch()

    def _next(self) -> Assignment | None:
        """Return what a free node is to do now, if there is something."""
        assert self._pool is not None
        if self.paused() or not self._pool.waiting:
            return None
        return self._pool.next(self._idle_sites())

    def _take_node(self, devices: Sequence[str]) -> Any:
        """Return a free node, one that has opened the first of *devices* if there is one."""
        opened = self._opened.get(devices[0], {}) if devices else {}
        free = [node for node in self._idle if self._reach(node).issuperset(devices)] if self._sites else self._idle
        node = next((node for node in opened if node in free), None) or next(reversed(free))
        del self._idle[node]
        for device in devices:
            self._opened.setdefault(device, {})[node] = None
        return node

    def _idle_sites(self) -> Sequence[frozenset[str]]:
        """Return the sets of devices that free nodes reach; none where they reach all."""
        return list(dict.fromkeys(map(self._reach, self._idle))) if self._sites else ()

    def _reach(self, node: Any) -> frozenset[str]:
        """Return the devices of the host that *node* is on."""
        return self._sites.get(node.gateway.spec.host, frozenset())

    def _reached(self, node: Any) -> Sequence[str]:
        """Return the devices that *node* can use, in their order."""
        if not self._sites:
            return self._devices
        reach = self._reach(node)
        return [device for device in self._devices if device in reach]

    def _await_work(self) -> None:
        """Take the nodes that have collected their tests and do nothing for free ones."""
        for node in self.node2pending:
            if node in self.node2collection and node not in self._doing and not node.shutting_down:
                self._idle[node] = None
                for device in self._first(node):
                    self._opened.setdefault(device, {})[node] = None

    def _end_surplus(self, units: Sequence[Unit]) -> None:
        """End the workers that *units* have no use for, where their number was left to us; one of a host stays."""
        if self.free is None:
            return
        useful = self.free.intersection(name for unit in units for names in unit.needs for name in names)
        alone = sum(not unit.needs for unit in units)
        left: dict[frozenset[str], int] = {}
        for node in sorted(self._idle, key=lambda node: useful.isdisjoint(self._first(node))):
            reach = frozenset(self._reached(node))
            left.setdefault(reach, max(1, min(len(useful & reach), len(units) - alone) + alone))
            left[reach] -= 1
            if left[reach] < 0:
                del self._idle[node]
                node.shutdown()

    def _first(self, node: Any) -> Sequence[str]:
        """Return the device that *node* has opened while it waited for the others."""
        return first_devices(node.gateway.id, self._reached(node))

    def _send(self, node: Any, rest: list[int]) -> None:
        with contextlib.suppress(OSError):  # it has died: that is told soon, and *rest* goes to another
            node.send_runtest_some(rest[:1])
            self.node2pending[node].append(rest.pop(0))

    def _end(self, node: Any, assignment: Assignment, rest: list[int]) -> None:
        """Free what *node* had for its unit."""
        assert self._pool is not None
        del self._doing[node]
        if not node.shutting_down:
            self._idle[node] = None
        if assignment.unit.shared:
            self._tell(node, "finish")
        self._pool.free(assignment.devices)
        self._put_back(rest)

    def _put_back(self, rest: Sequence[int]) -> None:
        if rest:
            assert self._pool is not None
            assert self.asked is not None
            assert self.collection is not None
            self._pool.put(self.asked.unit(rest, self.collection, self._durations))


def first_devices(worker: str, devices: Sequence[str]) -> Sequence[str]:
    """Return the device that *worker*, ``gw3``, opens while it waits for the others, so that none begins cold."""
    number = int(re.sub(r"\D", "", worker) or 0)
    return devices[number % len(devices) :][:1] if devices else ()
