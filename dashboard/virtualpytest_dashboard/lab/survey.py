"""Hosts and devices, asked in the background while somebody looks: no page waits for a host."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from pytest_virtualpytest import health
from pytest_virtualpytest.config import DeviceConfig, HostConfig, LabConfig
from pytest_virtualpytest.exceptions import ConfigError, LabFault
from virtualpytest_dashboard.lab.polling import Poll
from virtualpytest_dashboard.lab.reach import Reach
from virtualpytest_dashboard.lab.states import DeviceState, HostState

_HOST_EVERY, _DEVICE_EVERY = 2.0, 0.5
_DETAILS_EVERY, _STREAM_EVERY = 60.0, 4.0
_AGAIN = 5.0  # seconds until a host that is lost is tried again


class Survey:
    """The state of each host and device of *lab*; reading it returns at once."""

    def __init__(self, lab: LabConfig, reach: Reach) -> None:
        self._hosts = {host.name: _host(host, reach) for host in lab.hosts.values()}
        self._devices = {
            device.name: Poll(_Device(device, reach, self._hosts[device.host]), blank(device), _DEVICE_EVERY)
            for device in lab.devices.values()
        }

    def hosts(self) -> list[HostState]:
        """Return how each host is."""
        return [poll.value() for poll in self._hosts.values()]

    def host(self, name: str) -> HostState:
        """Return how host *name* is."""
        return self._hosts[name].value()

    def devices(self) -> list[DeviceState]:
        """Return how each device is."""
        self.hosts()
        return [poll.value() for poll in self._devices.values()]

    def device(self, name: str) -> DeviceState:
        """Return how device *name* is."""
        return next(state for state in self.devices() if state.name == name)

    def want(self, device: DeviceConfig) -> None:
        """Keep the way to *device* open for a while: it closes once nobody wants anything of its host."""
        self._hosts[device.host].value()

    def only(self, lab: LabConfig) -> Survey:
        """Return that part of it which is of *lab*."""
        part = copy.copy(self)
        hosts = {name: poll for name, poll in self._hosts.items() if name in lab.hosts}
        devices = {name: poll for name, poll in self._devices.items() if name in lab.devices}
        vars(part).update(_hosts=hosts, _devices=devices)
        return part

    def close(self) -> None:
        """Ask no more."""
        for host in self._hosts.values():
            host.close()
        for device in self._devices.values():
            device.close()


def blank(device: DeviceConfig) -> DeviceState:
    """Return what is known of *device* before it was asked."""
    return DeviceState(
        device.name, device.host, device.kind, device.model or "", device.tags, tuple(device.capabilities)
    )


def in_a_line(error: Exception) -> str:
    """Return *error* on one line."""
    return " ".join(str(error).split())


def _host(host: HostConfig, reach: Reach) -> Poll[HostState]:
    return Poll(_Host(host, reach), HostState(host.name, host.gateway), _HOST_EVERY, lambda: reach.rest(host.name))


class _Seldom:
    """What is asked for now and then, and is known in between."""

    def __init__(self, ask: Callable[[], Any], every: float) -> None:
        self._ask, self._every, self._due, self._known = ask, every, 0.0, None

    def value(self) -> Any:
        if time.monotonic() >= self._due:
            self._known = self._ask()
            self._due = time.monotonic() + self._every
        return self._known


class _Host:
    """Asks one host."""

    def __init__(self, host: HostConfig, reach: Reach) -> None:
        self._blank, self._reach = HostState(host.name, host.gateway), reach
        self._details = _Seldom(lambda: reach.details(host.name), _DETAILS_EVERY)
        self._lost: tuple[float, HostState] | None = None

    def __call__(self) -> HostState:
        if self._lost and time.monotonic() < self._lost[0]:
            return self._lost[1]
        self._lost = None
        name = self._blank.name
        try:
            told = health.ask(self._reach.host(name))
            return replace(self._blank, state="up", health=told, details=self._details.value())
        except (LabFault, ConfigError) as error:
            lost = replace(self._blank, state="lost", why=in_a_line(error))
            self._lost = time.monotonic() + _AGAIN, lost
            return lost


class _Device:
    """Asks one device, if its host answers."""

    def __init__(self, device: DeviceConfig, reach: Reach, host: Poll[HostState]) -> None:
        self._device, self._reach, self._host, self._blank = device, reach, host, blank(device)
        self._stream = _Seldom(self._seen, _STREAM_EVERY)

    def __call__(self) -> DeviceState:
        host = self._host.value()
        if host.state != "up":
            why = f"its host {host.name} cannot be reached" if host.state == "lost" else ""
            return replace(self._blank, state=host.state, why=why)
        try:
            return self._asked()
        except (LabFault, ConfigError) as error:
            return replace(self._blank, state="lost", why=in_a_line(error))

    def _asked(self) -> DeviceState:
        told = self._reach.attach(self._device)
        lease = self._reach.call(self._device, "holder").value
        holder, waiting = lease["holder"], tuple(lease["waiting"])
        stream, why = self._stream.value()
        return replace(
            self._blank, state="held" if holder else "free", holder=holder, waiting=waiting, stream=stream,
            no_picture=why, capabilities=tuple(told["capabilities"]), keys=tuple(told.get("keys", ())),
            types=bool(told.get("types")),
        )  # fmt: skip

    def _seen(self) -> tuple[dict[str, Any] | None, str]:
        """Return what the recorder sees, or nothing and why."""
        if "screen" not in self._device.capabilities:
            return None, "it has no screen"
        try:
            return dict(self._reach.call(self._device, "screen.status").value), ""
        except LabFault as error:
            return None, in_a_line(error)
