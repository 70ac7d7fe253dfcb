"""Lab: the devices of a lab file as they are leased, called and given back by one process."""

from __future__ import annotations

import contextlib
import getpass
import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_virtualpytest.config.words import nearest
from pytest_virtualpytest.device import Device
from pytest_virtualpytest.exceptions import ConfigError, LeaseError
from pytest_virtualpytest.gateway import Gateways
from pytest_virtualpytest.link import Link
from pytest_virtualpytest.needs import Need, assignments
from pytest_virtualpytest.report import Report, Silent
from pytest_virtualpytest.waiting import Backoff, Busy

if TYPE_CHECKING:
    from pytest_virtualpytest.config import DeviceConfig, LabConfig

Order = Callable[[Need, "list[DeviceConfig]"], "list[DeviceConfig]"]


class Lab:
    """The lab of *config*; *only* the named devices of it, if any are named.

    *waiting* is told once when a busy device is waited for; *order* puts the devices that would do
    in the order in which they are tried; *holder* is who leases, besides user and machine; up to *root*,
    reference pictures are looked for.
    """

    def __init__(
        self,
        config: LabConfig,
        *,
        only: Sequence[str] = (),
        holder: Mapping[str, Any] | None = None,
        report: Report | None = None,
        waiting: Callable[[str], None] = lambda _line: None,
        order: Order = lambda _need, devices: devices,
        root: Path | None = None,
    ) -> None:
        self.config = config
        self._only = only
        self._holder = {"user": getpass.getuser(), "machine": platform.node(), **(holder or {})}
        self._report = report or Silent()
        self._waiting, self._order, self._root = waiting, order, root
        self._gateways = Gateways(config.hosts)
        self._held: dict[str, Device] = {}

    @property
    def devices(self) -> list[DeviceConfig]:
        """The devices that may be used."""
        return [device for device in self.config.devices.values() if not self._only or device.name in self._only]

    def check(self) -> None:
        """Raise ConfigError for names among *only* that the lab does not have."""
        known = self.config.devices
        unknown = [name for name in self._only if name not in known]
        problems = [f"{self.config.name}: no device {name!r}{nearest(name, known)}" for name in unknown]
        if problems:
            raise ConfigError(*problems)

    def qualifying(
        self, device: str | None = None, kind: str | None = None, tags: Iterable[str] = (), needs: Iterable[str] = ()
    ) -> list[DeviceConfig]:
        """Return the devices that will do."""
        return self.fitting(Need("lab", kind, device, tags=tuple(tags), needs=tuple(needs)))

    def fitting(self, need: Need) -> list[DeviceConfig]:
        """Return the devices that fit *need*."""
        return [device for device in self.devices if need.fits(device)]

    @contextlib.contextmanager
    def lease(
        self,
        device: str | None = None,
        kind: str | None = None,
        tags: Iterable[str] = (),
        needs: Iterable[str] = (),
        timeout: float | None = None,
    ) -> Iterator[Device]:
        """Lease a device while the block runs, waiting for a busy one for *timeout* seconds, None for ever."""
        need = Need("lab", kind, device, tags=tuple(tags), needs=tuple(needs))
        [leased] = self.take([need], timeout=timeout)
        try:
            yield leased
        finally:
            self.give_back(leased)

    def take(self, needs: Sequence[Need], *, test: str = "", timeout: float | None = None) -> list[Device]:
        """Lease a device for each of *needs*, all or none, waiting for busy ones."""
        choices = [self._order(need, self.fitting(need)) for need in needs]
        if next(assignments(choices), None) is None:
            raise ConfigError(f"{' and '.join(map(str, needs))}: not enough devices in {self.config.name}")
        backoff, told = Backoff(timeout), False
        while True:
            busy = Busy()
            for wanted in assignments(choices):
                if not busy.among(wanted) and (taken := self._try(wanted, test, busy)):
                    return taken
            line = busy.line(needs, choices, mine=self._held)
            if not told:
                self._waiting(line)
                told = True
            backoff.pause(line)

    def give_back(self, device: Device) -> None:
        """End the lease of *device*; its calls are refused from now on."""
        if self._held.pop(device.name, None) is not None:
            device.end()

    def close(self) -> None:
        """Give back what is still held and end the agents."""
        for device in list(self._held.values()):
            self.give_back(device)
        self._gateways.close()

    def _try(self, wanted: Sequence[DeviceConfig], test: str, busy: Busy) -> list[Device] | None:
        """Lease all of *wanted* in one order for everybody, or none."""
        devices = {device.name: self._device(device) for device in wanted}
        holder = self._holder | {"test": test, "since": time.time()}
        with contextlib.ExitStack() as undo:
            for device in sorted(devices.values(), key=lambda device: (device.host, device.resources)):
                if device.name in self._held:
                    busy.note(device.name, holder)
                    return None
                try:
                    device.begin(holder)
                except LeaseError as error:
                    if not error.details.get("held"):
                        raise
                    busy.note(device.name, error.details.get("holder"))
                    return None
                undo.callback(device.end)
            undo.pop_all()
        self._held.update(devices)
        return [devices[device.name] for device in wanted]

    def _device(self, config: DeviceConfig) -> Device:
        gateway = self._gateways.of(config.host)
        told = gateway.attach(config.spec())
        link = Link(gateway, config.name, config.host, told["capabilities"], self._report)
        return Device(config, link, tuple(told["resources"]), self.config, self._root)
