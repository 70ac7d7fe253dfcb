"""The lab as the dashboard shows it, or what is wrong with its file."""

from __future__ import annotations

import copy
import os
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pytest_virtualpytest import config
from pytest_virtualpytest.config import DeviceConfig, LabConfig
from pytest_virtualpytest.exceptions import ConfigError
from virtualpytest_dashboard.lab.campaigns import Campaigns
from virtualpytest_dashboard.lab.control import IDLE, Control
from virtualpytest_dashboard.lab.feeds import Feeds
from virtualpytest_dashboard.lab.incidents import Incidents
from virtualpytest_dashboard.lab.reach import Reach
from virtualpytest_dashboard.lab.survey import Survey
from virtualpytest_dashboard.people.person import Person


class Bench:
    """All that goes on in one lab."""

    def __init__(self, lab: LabConfig, idle: float) -> None:
        self.lab = lab
        self.reach = Reach(lab)
        self.survey = Survey(lab, self.reach)
        self.feeds = Feeds(lab, self.reach)
        self.incidents = Incidents(lab, self.reach, self.survey)
        self.control = Control(lab, idle)
        self.campaigns = Campaigns(lab)

    def device(self, name: str) -> DeviceConfig | None:
        """Return the device *name*, if there is one."""
        return self.lab.devices.get(name)

    def seen_by(self, person: Person) -> Bench:
        """Return that part of it which *person* may see; a device is also its host's teams', and shows its host."""
        if person.owned is None and person.role:
            return self
        every = self.lab.devices.values()
        devices = {one.name: one for one in every if person.sees(("device", one.name), ("host", one.host))}
        hosts = {one.host for one in devices.values()}
        lab = replace(
            self.lab,
            hosts={name: host for name, host in self.lab.hosts.items() if name in hosts or person.sees(("host", name))},
            devices=devices,
            campaigns={name: one for name, one in self.lab.campaigns.items() if person.sees(("campaign", name))},
        )
        view = copy.copy(self)
        view.lab = lab
        view.survey, view.feeds = self.survey.only(lab), self.feeds.only(lab)
        view.incidents, view.campaigns = self.incidents.only(lab), self.campaigns.only(lab)
        return view

    def close(self) -> None:
        """End all of it, and give back what is held."""
        self.survey.close()
        self.feeds.close()
        self.incidents.close()
        self.control.close()
        self.reach.close()


class Site:
    """The lab of *files*, or the one that every command finds without.

    Nothing is read, and no host is reached, before somebody looks. A file with mistakes is read again until it has
    none.
    """

    def __init__(self, files: Sequence[str | Path] = (), *, idle: float = IDLE) -> None:
        self.problems: tuple[str, ...] = ()
        self._files, self._idle = files, idle
        self._lock = threading.Lock()
        self._bench: Bench | None = None

    def bench(self) -> Bench | None:
        """Return the lab; None where its file has mistakes: *problems* says which."""
        with self._lock:
            if self._bench is None:
                try:
                    self._bench = Bench(config.choose(self._files, os.environ, Path.cwd()), self._idle)
                    self.problems = ()
                except ConfigError as error:
                    self.problems = tuple(error.problems)
            return self._bench

    def close(self) -> None:
        """End what was opened."""
        with self._lock:
            bench, self._bench = self._bench, None
        if bench is not None:
            bench.close()


class Part:
    """The lab of *site*, as *person* may see it."""

    def __init__(self, site: Site, person: Person) -> None:
        self._site, self._person = site, person

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with its file."""
        return self._site.problems

    def bench(self) -> Bench | None:
        """Return what may be seen of the lab; None where its file has mistakes."""
        bench = self._site.bench()
        return None if bench is None else bench.seen_by(self._person)
