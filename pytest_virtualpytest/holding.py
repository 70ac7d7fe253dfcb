"""The devices that the tests of one process hold: leased, labelled and made ready, and given back."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import pytest

from pytest_virtualpytest import collection, evidence
from pytest_virtualpytest.exceptions import DeviceError, LabFault, NotReady
from pytest_virtualpytest.lending import Lending
from pytest_virtualpytest.needs import Need, assignments
from pytest_virtualpytest.tally import Uses

if TYPE_CHECKING:
    from pytest_virtualpytest.config import DeviceConfig
    from pytest_virtualpytest.device import Device
    from pytest_virtualpytest.run import Run

_TOGETHER = pytest.StashKey["dict[str, Device]"]()


class Holding:
    """What the tests of *run* hold; *preferred* devices are tried first, *unfit* ones, with the reason, never."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._had: dict[str, set[str]] = {}  # the devices that each test has run on
        self._taking = ""
        self.uses = Uses()
        self.lending = Lending(run)
        self.preferred: Sequence[str] = ()
        self.unfit: dict[str, str] = {}
        self.begun: dict[str, float] = {}  # when its test began, by device, on the clock of the device's host

    @contextlib.contextmanager
    def device(self, request: pytest.FixtureRequest, need: Need) -> Iterator[Device]:
        """Lease the device of a fixture; one for a single test is leased together with that test's others."""
        if request.scope == "function":
            name = str(request.fixturename)
            yield self.together(request.node).get(name) or self._late(request.node, need, name)
            return
        role = str(request.fixturename)
        [leased] = self.lending.ready([role]) or self.take([need], request.node.nodeid)
        self.lending.keep(leased, request)
        try:
            yield leased
        finally:
            self.lending.end(leased)
            self._give_back(leased, request.node.nodeid)

    def together(self, item: pytest.Item) -> dict[str, Device]:
        """Return the devices that *item* needs for itself, by role: all are leased at the first one's use."""
        if _TOGETHER not in item.stash:
            item.stash[_TOGETHER] = {}
            item.addfinalizer(lambda: self._end(item))
            needs = collection.of_function(item)
            if needs:
                self._lease(item, needs)
        return item.stash[_TOGETHER]

    def held(self, item: pytest.Item) -> list[Device]:
        """Return the devices that *item* uses now, those of wider fixtures included."""
        return [*item.stash.get(_TOGETHER, {}).values(), *self.shared(item)]

    def shared(self, item: pytest.Item) -> list[Device]:
        """Return the devices of wider fixtures that *item* uses."""
        if not (kept := self.lending.devices):
            return []
        values = list(getattr(item, "funcargs", {}).values())
        return [device for device in kept if any(value is device for value in values)]

    def leave(self, item: pytest.Item) -> None:
        """Give back what was leased for *item* and is not used."""
        for device in self.lending.leave():
            self._give_back(device, item.nodeid)

    def begin(self, item: pytest.Item, device: Device) -> None:
        """Label *item* with *device*, note the time, and make the device ready."""
        from pytest_virtualpytest import provisioning
        from pytest_virtualpytest.readiness import make_ready

        self._label(item, device)
        self.begun[device.name] = evidence.began(device, item.nodeid)
        provisioning.prepare(self._run, item, device)
        make_ready(device)
        self._run.config.hook.pytest_virtualpytest_ready(item=item, device=device)
        device.link.asked = 0

    def quarantine(self, devices: Sequence[str], why: str) -> None:
        """Use *devices* no more in this run, and say so once."""
        for name in devices:
            if name not in self.unfit:
                self.unfit[name] = why
                self._run.journal.note("quarantine", device=name, data={"why": why})
                if not self._run.tell("unfit", name, why):
                    self._run.say(f"{name} is quarantined for this run: {why}")

    def order(self, _need: Need, devices: list[DeviceConfig]) -> list[DeviceConfig]:
        """Return those of *devices* that are fit: those first that the test has not run on, then the preferred.

        Where none is preferred, each worker begins with another one.
        """
        devices = [device for device in devices if device.name not in self.unfit]
        number = re.search(r"\d+", self._run.worker)
        start = int(number[0]) % len(devices) if number and devices else 0
        had = self._had.get(self._taking, set())
        return sorted(
            devices[start:] + devices[:start],
            key=lambda device: (device.name in had, device.name not in self.preferred),
        )

    def _label(self, item: pytest.Item, device: Device) -> None:
        """Say in the report where *item* runs."""
        names = {"device": device.name, "host": device.host, **({"model": device.model} if device.model else {})}
        for name, value in {**evidence.facts(device), **names, "worker": self._run.worker, "run": self._run.id}.items():
            if value:
                self._run.report.label(name, value)
        if collection.PARAMETER not in getattr(getattr(item, "callspec", None), "params", ()):
            known = item.stash.get(_TOGETHER, {})
            role = next((role for role, one in known.items() if one is device), "")
            name = f"device {role}" if len(known) > 1 else "device"
            self._run.report.parameter(name, device.name, excluded=True)

    def _late(self, item: pytest.Item, need: Need, name: str) -> Device:
        """Lease a device that a test asks for while it runs: ``request.getfixturevalue("stb")``."""
        self._lease(item, [need], name)
        return item.stash[_TOGETHER][name]

    def _lease(self, item: pytest.Item, needs: Sequence[Need], role: str = "") -> None:
        """Lease devices that are fit for *item*: one that is not is left alone from now on, and another one tried."""
        while True:
            roles = [need.role or role for need in needs]
            taken = self.lending.ready(roles) or self.take(needs, item.nodeid)
            leased = dict(zip(roles, taken, strict=True))
            item.stash[_TOGETHER].update(leased)
            try:
                for device in leased.values():
                    self.begin(item, device)
            except NotReady as error:
                self.quarantine([device.name], error.message)
                if not self._others(needs):
                    raise
                for name, one in leased.items():
                    self._give_back(one, item.nodeid)
                    del item.stash[_TOGETHER][name]
            else:
                return

    def take(self, needs: Sequence[Need], test: str, give_up: Callable[[], bool] = lambda: False) -> list[Device]:
        """Lease devices that can be reached, as long as there are any; none, if they are busy and *give_up* says so."""
        while self._others(needs):
            try:
                self._taking = test
                leased = self._run.lab.take(needs, test=test, give_up=give_up)
            except LabFault as error:
                lost = error.details.get("devices")
                if not isinstance(lost, list):
                    raise
                self.quarantine(lost, error.message)
                if not self._others(needs):
                    raise
            else:
                for device in leased:
                    self._had.setdefault(test, set()).add(device.name)
                    self._note(device, test, leased=True)
                return leased
        raise DeviceError(f"{' and '.join(map(str, needs))}: {'; '.join(self._why_not(needs))}")

    def _others(self, needs: Sequence[Need]) -> bool:
        """Tell whether there are devices for *needs* besides those that are unfit."""
        rows = [[device for device in self._run.lab.offered(need) if device.name not in self.unfit] for need in needs]
        return next(assignments(rows), None) is not None

    def _why_not(self, needs: Sequence[Need]) -> list[str]:
        names = {device.name for need in needs for device in self._run.lab.fitting(need)}
        return [f"{name} is quarantined: {why}" for name, why in self.unfit.items() if name in names]

    def _end(self, item: pytest.Item) -> None:
        for device in item.stash[_TOGETHER].values():
            self._give_back(device, item.nodeid)
        del item.stash[_TOGETHER]

    def _give_back(self, device: Device, test: str) -> None:
        self._run.lab.give_back(device)
        self._note(device, test, leased=False)

    def _note(self, device: Device, test: str, *, leased: bool) -> None:
        self._run.attend()  # a device that no collected test was seen to need
        (self.uses.begin if leased else self.uses.end)(device.name)
        self._run.journal.note("lease" if leased else "release", test=test, device=device.name, host=device.host)
        self._run.tell(*(("leased", device.name, device.host) if leased else ("returned", device.name)))
