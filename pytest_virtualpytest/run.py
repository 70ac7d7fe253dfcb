"""One run of pytest, as one of its processes sees it: its lab, and the devices that its tests hold."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import sys
import uuid
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from pytest_virtualpytest import collection, evidence, report
from pytest_virtualpytest.journal import Journal, folder_of
from pytest_virtualpytest.needs import Need

if TYPE_CHECKING:
    from pytest_virtualpytest.config import DeviceConfig, LabConfig
    from pytest_virtualpytest.device import Device
    from pytest_virtualpytest.lab import Lab
    from pytest_virtualpytest.measure import Measure
    from pytest_virtualpytest.models import Measurement

_RUN = pytest.StashKey["Run"]()
_TOGETHER = pytest.StashKey["dict[str, Device]"]()
MEASURED = pytest.StashKey["list[Measurement]"]()


class Run:
    """What the hooks and fixtures of one process share; the lab is read, and opened, when it is first asked for."""

    def __init__(self, config: pytest.Config) -> None:
        told = getattr(config, "workerinput", {})
        self.config = config
        self.is_worker = bool(told)
        self.worker: str = told.get("workerid", "main")
        self.id: str = told.get("virtualpytest_run") or uuid.uuid4().hex
        self.folder = folder_of(config.getoption("allure_report_dir", None))
        self.journal = Journal(self.folder, self.id, self.worker)
        self.begun: dict[str, float] = {}
        self._wider: dict[str, Device] = {}
        config.stash[_RUN] = self

    @staticmethod
    def of(config: pytest.Config) -> Run:
        """Return the run of *config*."""
        return config.stash[_RUN]

    @functools.cached_property
    def settings(self) -> LabConfig:
        """Return the lab that the options, the environment or the folder choose."""
        from pytest_virtualpytest.config import choose, loading

        here = self.config.invocation_params.dir
        folder = here if (here / loading.FILE).is_file() else self.config.rootpath
        return choose(self.config.getoption("vpt_lab"), os.environ, folder)

    @property
    def named(self) -> bool:
        """Whether somebody has chosen a lab, or a device of it: then what is wrong is told before anything is done."""
        return bool(self.config.getoption("vpt_lab") or self.config.getoption("vpt_device") or self.settings.sources)

    @functools.cached_property
    def lab(self) -> Lab:
        """Return the lab, of which nothing is open yet."""
        from pytest_virtualpytest.lab import Lab

        only = self.config.getoption("vpt_device")
        holder = {"run": self.id, "worker": self.worker}
        made = Lab(
            self.settings, only=only, holder=holder, report=self.report,
            waiting=self._tell, order=self._order, root=self.config.rootpath,
        )  # fmt: skip
        self.config.add_cleanup(made.close)
        return made

    @functools.cached_property
    def report(self) -> report.Report:
        """Return where steps and attachments go."""
        return report.of(self.config)

    @contextlib.contextmanager
    def device(self, request: pytest.FixtureRequest, need: Need) -> Iterator[Device]:
        """Lease the device of a fixture; one for a single test is leased together with that test's others."""
        name = str(request.fixturename)
        if request.scope == "function":
            yield self.together(request.node).get(name) or self._one(request.node, need)
            return
        [leased] = self.lab.take([need], test=request.node.nodeid)
        self._wider[leased.name] = leased
        self._note_lease("lease", leased, request.node.nodeid)
        try:
            yield leased
        finally:
            del self._wider[leased.name]
            self._give_back(leased, request.node.nodeid)

    def together(self, item: pytest.Item) -> dict[str, Device]:
        """Return the devices that *item* needs for itself, by role: all are leased at the first one's use."""
        if _TOGETHER not in item.stash:
            needs = collection.of_function(item)
            item.stash[_TOGETHER] = {}
            item.addfinalizer(lambda: self._end(item))
            if needs:
                leased = self.lab.take(needs, test=item.nodeid)
                item.stash[_TOGETHER] = dict(zip((need.role for need in needs), leased, strict=True))
                for device in leased:
                    self._note_lease("lease", device, item.nodeid)
                    self.begin(item, device)
        return item.stash[_TOGETHER]

    def held(self, item: pytest.Item) -> list[Device]:
        """Return the devices that *item* uses now, those of wider fixtures included."""
        return [*item.stash.get(_TOGETHER, {}).values(), *self.shared(item)]

    def shared(self, item: pytest.Item) -> list[Device]:
        """Return the devices of wider fixtures that *item* uses."""
        if not self._wider:
            return []
        values = list(getattr(item, "funcargs", {}).values())
        return [device for device in self._wider.values() if any(value is device for value in values)]

    def begin(self, item: pytest.Item, device: Device) -> None:
        """Label *item* with *device*, note the time, and make the device ready."""
        from pytest_virtualpytest.readiness import make_ready

        self.label(item, device)
        self.begun[device.name] = evidence.began(device, item.nodeid)
        make_ready(device)
        self.config.hook.pytest_virtualpytest_ready(item=item, device=device)

    def label(self, item: pytest.Item, device: Device) -> None:
        """Say in the report where *item* runs."""
        names = {"device": device.name, "host": device.host, "model": device.model}
        for name, value in {**names, "worker": self.worker, "run": self.id}.items():
            if value:
                self.report.label(name, value)
        if collection.PARAMETER not in getattr(getattr(item, "callspec", None), "params", ()):
            known = item.stash.get(_TOGETHER, {})
            role = next((role for role, one in known.items() if one is device), "")
            name = f"device {role}" if len(known) > 1 else "device"
            self.report.parameter(name, device.name, excluded=True)

    def measure(self, item: pytest.Item) -> Measure:
        """Return what keeps the figures of *item*: in its results, and as properties for JUnit."""
        from pytest_virtualpytest.measure import Measure

        def keep(made: Measurement) -> None:
            item.stash[MEASURED].append(made)
            item.user_properties.append((made.name, round(made.value, 6)))
            if made.error:
                item.user_properties.append((f"{made.name} error", round(made.error, 6)))

        return Measure(self.report, keep)

    def _one(self, item: pytest.Item, need: Need) -> Device:
        """Lease a device that a test asks for while it runs: ``request.getfixturevalue("stb")``."""
        [leased] = self.lab.take([need], test=item.nodeid)
        item.stash[_TOGETHER][leased.name] = leased
        self._note_lease("lease", leased, item.nodeid)
        self.begin(item, leased)
        return leased

    def _end(self, item: pytest.Item) -> None:
        for device in item.stash[_TOGETHER].values():
            self._give_back(device, item.nodeid)
        del item.stash[_TOGETHER]

    def _give_back(self, device: Device, test: str) -> None:
        self.lab.give_back(device)
        self._note_lease("release", device, test)

    def _note_lease(self, kind: str, device: Device, test: str) -> None:
        self.journal.note("lease" if kind == "lease" else "release", test=test, device=device.name, host=device.host)

    def _order(self, _need: Need, devices: list[DeviceConfig]) -> list[DeviceConfig]:
        """Return *devices*, each worker beginning with another one."""
        number = re.search(r"\d+", self.worker)
        start = int(number[0]) % len(devices) if number and devices else 0
        return devices[start:] + devices[:start]

    def _tell(self, line: str) -> None:
        """Show a line while a test runs."""
        capture = self.config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
            sys.stderr.write(f"\n[{self.worker}] {line}\n" if self.is_worker else f"\n{line}\n")
            sys.stderr.flush()
