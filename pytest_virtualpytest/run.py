"""One run of pytest, as one of its processes sees it: its lab, its report, and what it tells others."""

from __future__ import annotations

import contextlib
import functools
import sys
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from pytest_virtualpytest import campaign, report
from pytest_virtualpytest.holding import Holding
from pytest_virtualpytest.journal import Journal, folder_of
from pytest_virtualpytest.told import Told

if TYPE_CHECKING:
    from pytest_virtualpytest.config import LabConfig
    from pytest_virtualpytest.lab import Lab
    from pytest_virtualpytest.measure import Measure
    from pytest_virtualpytest.models import Measurement

CAUSE = "virtualpytest_cause"  # in the report of a failed phase: "lab", "product" or "test"
HUNG = "virtualpytest_hung"  # in the report of a test whose worker was ended: since when, and whose fault
_RUN = pytest.StashKey["Run"]()
MEASURED = pytest.StashKey["list[Measurement]"]()


class Run:
    """What the hooks and fixtures of one process share; the lab is read, and opened, when it is first asked for."""

    def __init__(self, config: pytest.Config) -> None:
        told = getattr(config, "workerinput", {})
        self.config = config
        self.is_worker = bool(told)
        self.worker: str = told.get("workerid", "main")
        self.site: str | None = told.get("virtualpytest_hosted", {}).get("host")  # the host that it runs on
        self.id: str = told.get("virtualpytest_run") or uuid.uuid4().hex
        self.folder = folder_of(config.getoption("allure_report_dir", None))
        self.journal = Journal(self.folder, self.id, self.worker)
        self.holding = Holding(self)
        self._attends = False
        self._watcher: Callable[..., None] | None = None
        config.stash[_RUN] = self

    @staticmethod
    def of(config: pytest.Config) -> Run:
        """Return the run of *config*."""
        return config.stash[_RUN] if _RUN in config.stash else Run(config)

    @functools.cached_property
    def settings(self) -> LabConfig:
        """Return the lab that the options, the environment or the folder choose."""
        settings = campaign.lab_of(self.config)
        if self.site is None:
            return settings
        from pytest_virtualpytest.distribution.hosted import at_home

        return at_home(settings, self.site)

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
            waiting=self.say, order=self.holding.order, root=self.config.rootpath, site=self.site,
        )  # fmt: skip
        self.config.add_cleanup(made.close)
        return made

    @functools.cached_property
    def report(self) -> report.Report:
        """Return where steps and attachments go."""
        made = report.of(self.config)
        return Told(made, self._watcher) if self._watcher and self.folder else made

    def attend(self) -> None:
        """See each test begin and end from now on; again is nothing more."""
        if not self._attends:
            self._attends = True
            from pytest_virtualpytest import attendance

            attendance.attend(self)

    def watch(self, watcher: Callable[..., None]) -> None:
        """Have *watcher* told what happens here: ``watcher("leased", device, host)`` and the like."""
        self._watcher = watcher

    def tell(self, word: str, *values: object) -> bool:
        """Tell the watcher, and whether there is one."""
        if self._watcher is not None:
            self._watcher(word, *values)
        return self._watcher is not None

    def say(self, line: str) -> None:
        """Show a line while a test runs."""
        if self.tell("waiting", line):
            return
        capture = self.config.pluginmanager.getplugin("capturemanager")
        with capture.global_and_fixture_disabled() if capture else contextlib.nullcontext():
            sys.stderr.write(f"\n[{self.worker}] {line}\n" if self.is_worker else f"\n{line}\n")
            sys.stderr.flush()

    def deadline(self) -> float | None:
        """Return the seconds that a test may take where it says nothing; None for no limit."""
        return self.settings.deadline if "settings" in self.__dict__ else None

    def measure(self, item: pytest.Item) -> Measure:
        """Return what keeps the figures of *item*: in its results, and as properties for JUnit."""
        from pytest_virtualpytest.measure import Measure

        def keep(made: Measurement) -> None:
            item.stash.setdefault(MEASURED, []).append(made)
            item.user_properties.append((made.name, round(made.value, 6)))
            if made.error:
                item.user_properties.append((f"{made.name} error", round(made.error, 6)))

        return Measure(self.report, keep)
