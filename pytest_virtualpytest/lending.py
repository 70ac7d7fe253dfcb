"""The devices of wider fixtures: kept from test to test, and given back between two tests where others wait for them.

Nobody waits for a device while he keeps another one that is waited for: two runs that did would wait for ever. What a
test needs beside the devices that are kept is leased before it is set up. Where that has to be waited for, what others
wait for is given back first, with all fixtures that stand on it; they are set up again once everything is leased.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from pytest_virtualpytest import collection, deferred
from pytest_virtualpytest.exceptions import LabFault
from pytest_virtualpytest.needs import Need

if TYPE_CHECKING:
    from pytest_virtualpytest.device import Device
    from pytest_virtualpytest.run import Run


@dataclass
class _Kept:
    """A device, the request of the fixture that keeps it, and the test that used it last."""

    device: Device
    request: Any  # pytest keeps to itself what a request and a fixture's definition can do
    item: pytest.Item

    @property
    def fixture(self) -> Any:
        return self.request._fixturedef  # noqa: SLF001  # only it can end a fixture before its scope does


class Lending:
    """What the wider fixtures of a process keep, and the devices that are leased for the next test's fixtures."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._kept: dict[str, _Kept] = {}
        self._ready: dict[str, Device] = {}  # by the role that they will have

    @property
    def devices(self) -> list[Device]:
        """The devices that are kept."""
        return [kept.device for kept in self._kept.values()]

    def keep(self, device: Device, request: Any) -> None:
        """Take note that the fixture of *request* keeps *device*."""
        self._kept[device.name] = _Kept(device, request, request._pyfuncitem)  # noqa: SLF001  # for which it is set up

    def end(self, device: Device) -> None:
        """Take note that *device* is kept no more."""
        del self._kept[device.name]

    def ready(self, roles: Sequence[str]) -> list[Device]:
        """Return the devices that were leased for *roles* in advance; none, unless there is one for each."""
        if not all(role in self._ready for role in roles):
            return []
        return [self._ready.pop(role) for role in roles]

    def leave(self) -> list[Device]:
        """Return the devices that no fixture has asked for after all."""
        left, self._ready = list(self._ready.values()), {}
        return left

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Give back what others wait for, and lease what *item* needs beside what is kept."""
        needs = collection.needs_of(item)
        if not self._kept and all(need.scope == "function" for need in needs):
            return  # its fixtures lease them together
        self._lend(item)
        while missing := _missing(item, needs):
            taken = self._run.holding.take(missing, item.nodeid, give_up=lambda: bool(self._in_the_way(item, missing)))
            if taken:
                self._ready = dict(zip((need.role for need in missing), taken, strict=True))
                break
            for name, why in self._in_the_way(item, missing).items():
                self._give_back(name, why)
        for kept in self._kept.values():
            kept.item = item if _uses(item, kept) else kept.item

    def _lend(self, item: pytest.Item) -> None:
        """Give back what others wait for and *item* does not use; to a person, also what it uses."""
        for name, kept in list(self._kept.items()):
            waiting = [one for one in _waiting(kept.device) if not _uses(item, kept) or one.get("kind") == "person"]
            if waiting:
                self._give_back(name, f"{_who(waiting[0])} waits for it")

    def _in_the_way(self, item: pytest.Item, missing: Sequence[Need]) -> dict[str, str]:
        """Return what must not be kept while *missing* devices of *item* are waited for, and why."""
        found = {}
        for name, kept in self._kept.items():
            if waiting := _waiting(kept.device):
                found[name] = f"{_who(waiting[0])} waits for it, and {item.name} for another"
            elif not _uses(item, kept) and any(need.fits(kept.device.config) for need in missing):
                found[name] = f"{item.name} needs it"
        return found

    def _give_back(self, name: str, why: str) -> None:
        if (kept := self._kept.get(name)) is not None:  # not ended with another one
            self._run.say(f"{name} is given back between two tests: {why}")
            deferred.tear_down(kept.item, lambda: kept.fixture.finish(kept.request))


def _missing(item: pytest.Item, needs: Sequence[Need]) -> list[Need]:
    """Return those of *needs* whose fixture is not set up."""
    known = getattr(item, "_fixtureinfo").name2fixturedefs if needs else {}  # noqa: B009  # pytest keeps it to itself
    return [need for need in needs if need.scope == "function" or known[need.role][-1].cached_result is None]


def _uses(item: pytest.Item, kept: _Kept) -> bool:
    info = getattr(item, "_fixtureinfo", None)
    return any(kept.fixture is known[-1] for known in info.name2fixturedefs.values()) if info else False


def _waiting(device: Device) -> list[Mapping[str, Any]]:
    """Return who waits for *device*; nobody can, where its host is lost."""
    try:
        return list(device.link.call("holder").value["waiting"])
    except LabFault:
        return []


def _who(waiter: Mapping[str, Any]) -> str:
    from pytest_virtualpytest.waiting import in_words

    return in_words(waiter)
