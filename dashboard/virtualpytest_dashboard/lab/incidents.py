"""What `virtualpytest monitor` has kept on each host, asked in the background while somebody looks."""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pytest_virtualpytest.config import LabConfig
from pytest_virtualpytest.exceptions import ConfigError, LabFault
from pytest_virtualpytest.incident import Incident
from virtualpytest_dashboard.lab.polling import Poll
from virtualpytest_dashboard.lab.reach import Reach
from virtualpytest_dashboard.lab.states import HostState
from virtualpytest_dashboard.lab.survey import Survey, in_a_line

_EVERY = 2.0


@dataclass(frozen=True)
class Told:
    """The *incidents* of hosts, the newest first, the devices *watched* now, and why a host did not tell, by its name.

    *asking* says that a host has not been asked yet.
    """

    incidents: tuple[Incident, ...] = ()
    watched: frozenset[str] = frozenset()
    why: Mapping[str, str] = field(default_factory=dict)
    asking: bool = False


class Incidents:
    """The incidents of the devices of *lab*; reading them returns at once."""

    def __init__(self, lab: LabConfig, reach: Reach, survey: Survey) -> None:
        names = {host: frozenset(one.name for one in lab.devices.values() if one.host == host) for host in lab.hosts}
        self._devices = frozenset(lab.devices)
        self._polls = {
            host: Poll(_Host(host, devices, reach, functools.partial(survey.host, host)), Told(asking=True), _EVERY)
            for host, devices in names.items()
        }

    def told(self, device: str | None = None, what: str | None = None) -> Told:
        """Return what is known of all devices, or *device*, and of all sorts of incidents, or *what*."""
        known = [poll.value() for poll in self._polls.values()]
        found = [
            one for told in known for one in told.incidents
            if one.device in self._devices and device in {None, one.device} and what in {None, one.what}
        ]  # fmt: skip
        found.sort(key=lambda one: one.begin, reverse=True)
        watched = frozenset(name for told in known for name in told.watched & self._devices)
        why = {host: words for told in known for host, words in told.why.items()}
        return Told(tuple(found), watched, why, asking=any(told.asking for told in known))

    def only(self, lab: LabConfig) -> Incidents:
        """Return those of the devices of *lab*."""
        part = copy.copy(self)
        polls = {host: poll for host, poll in self._polls.items() if host in lab.hosts}
        vars(part).update(_devices=frozenset(lab.devices), _polls=polls)
        return part

    def close(self) -> None:
        """Ask no more."""
        for poll in self._polls.values():
            poll.close()


class _Host:
    """Asks one host for the incidents of those of its *devices* that the lab file has."""

    def __init__(self, host: str, devices: frozenset[str], reach: Reach, state: Callable[[], HostState]) -> None:
        self._host, self._devices, self._reach, self._state = host, devices, reach, state

    def __call__(self) -> Told:
        state = self._state()
        if state.state != "up":
            return Told(why={self._host: state.why} if state.why else {}, asking=state.state == "asking")
        try:
            value = self._reach.bare(self._host, "incidents.list").value
        except (LabFault, ConfigError) as error:
            return Told(why={self._host: in_a_line(error)})
        known = tuple(Incident.from_wire(one) for one in value["incidents"] if one["device"] in self._devices)
        return Told(known, self._devices & set(value["watched"]))
