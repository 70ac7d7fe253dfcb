"""Lab: the devices of a lab file as they are leased, called and given back by one process."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_virtualpytest.config.words import nearest
from pytest_virtualpytest.device import Device
from pytest_virtualpytest.exceptions import ConfigError, HostError, LabFault, LeaseError
from pytest_virtualpytest.gateway import Gateways, client
from pytest_virtualpytest.link import Link
from pytest_virtualpytest.needs import Need, assignments
from pytest_virtualpytest.report import Report, Silent
from pytest_virtualpytest.waiting import Busy, Queue

if TYPE_CHECKING:
    from pytest_virtualpytest.config import DeviceConfig, LabConfig

Order = Callable[[Need, "list[DeviceConfig]"], "list[DeviceConfig]"]


class Lab:
    """The lab of *config*; *only* the named devices of it, if any are named.

    Devices are leased on host *site* only, where one is given: this process runs there.
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
        site: str | None = None,
    ) -> None:
        self.config = config
        self._only = only
        self._holder = client() | {"kind": "run"} | dict(holder or {})
        self._report = report or Silent()
        self._waiting, self._order, self._root, self._site = waiting, order, root, site
        self._gateways = Gateways(config.hosts)
        self._held: dict[str, Device] = {}

    @property
    def devices(self) -> list[DeviceConfig]:
        """The devices that may be used."""
        return [device for device in self.config.devices.values() if not self._only or device.name in self._only]

    def sites(self) -> list[list[DeviceConfig]]:
        """Return the devices that may be used, host by host."""
        hosts = dict.fromkeys(device.host for device in self.devices)
        return [[device for device in self.devices if device.host == host] for host in hosts]

    def offered(self, need: Need | None = None) -> list[DeviceConfig]:
        """Return the devices that may be leased here, those that fit *need* if one is given."""
        fitting = self.fitting(need) if need else self.devices
        return [device for device in fitting if self._site in (None, device.host)]

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

    def take(
        self,
        needs: Sequence[Need],
        *,
        test: str = "",
        timeout: float | None = None,
        give_up: Callable[[], bool] = lambda: False,
    ) -> list[Device]:
        """Lease a device for each of *needs*, all or none; for busy ones, wait in line until *give_up* says so."""
        choices = [self._order(need, self.offered(need)) for need in needs]
        if next(assignments(choices), None) is None:
            here = f" on host {self._site!r}, where this worker is" if self._site else ""
            raise ConfigError(f"{' and '.join(map(str, needs))}: not enough devices in {self.config.name}{here}")
        told, holder = False, self._holder | ({"test": test} if test else {})
        with Queue(holder, timeout, holds=bool(self._held)) as queue:
            while True:
                busy = queue.look()
                for wanted in assignments(choices):
                    if not busy.among(wanted) and (taken := self._try(wanted, holder, busy, queue)):
                        return taken
                if give_up():
                    return []
                line = busy.line(needs, choices, mine=self._held)
                if queue.ticket is None:
                    queue.join(self._others(choices), busy, line)
                    continue
                if not told:
                    self._waiting(line)
                    told = True
                queue.pause(busy, line)

    def look(self, name: str) -> Device:
        """Return the device *name* without a lease: what it shows can be seen by anybody, and disturbs nobody."""
        return self._device(self.config.devices[name])

    def give_back(self, device: Device) -> None:
        """End the lease of *device*; its calls are refused from now on."""
        if self._held.pop(device.name, None) is not None:
            device.end()

    def close(self) -> None:
        """Give back what is still held and end the agents."""
        for device in list(self._held.values()):
            self.give_back(device)
        self._gateways.close()

    def _others(self, choices: Iterable[Iterable[DeviceConfig]]) -> list[Device]:
        """Return the devices among *choices* that are not held here."""
        configs = {config.name: config for row in choices for config in row if config.name not in self._held}
        return [self._device(config) for config in configs.values()]

    def _try(
        self, wanted: Sequence[DeviceConfig], holder: Mapping[str, Any], busy: Busy, queue: Queue
    ) -> list[Device] | None:
        """Lease all of *wanted* in one order for everybody, or none."""
        devices = {device.name: self._device(device) for device in wanted}
        holder = {**holder, "since": time.time()}
        with contextlib.ExitStack() as undo:
            for device in sorted(devices.values(), key=lambda device: (device.host, device.resources)):
                if device.name in self._held:
                    busy.note(device.name, {"holder": holder})
                    return None
                try:
                    device.begin(holder, ticket=queue.ticket, passes=queue.passes)
                except LeaseError as error:
                    if not error.details.get("held"):
                        raise
                    busy.note(device.name, error.details)
                    return None
                undo.callback(device.end)
            undo.pop_all()
        self._held.update(devices)
        return [devices[device.name] for device in wanted]

    def _device(self, config: DeviceConfig) -> Device:
        try:
            gateway = self._gateways.of(config.host)
            told = gateway.attach(config.spec())
        except LabFault as error:
            error.details["devices"] = self._lost(config, error)
            raise
        link = Link(
            gateway, config.name, config.host, told["capabilities"], self._report,
            timeout=self.config.timeout, scale=self.config.timeout_scale,
        )  # fmt: skip
        return Device(config, link, tuple(told["resources"]), self._root)

    def _lost(self, config: DeviceConfig, error: LabFault) -> list[str]:
        """Return the devices that *error*, met on the way to one, makes useless: with a host, all that it has."""
        if not isinstance(error, HostError):
            return [config.name]
        return [device.name for device in self.devices if device.host == config.host]
