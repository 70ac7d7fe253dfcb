"""The way from the dashboard to hosts and devices: as anybody who looks, without a lease."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_virtualpytest.config import DeviceConfig, LabConfig
from pytest_virtualpytest.gateway import Gateway, Gateways
from pytest_virtualpytest.wire import Call, Reply


class Reach:
    """Gateways of its own to each host of *lab*, opened at the first call; threads may share it."""

    def __init__(self, lab: LabConfig) -> None:
        self._gateways = {name: Gateways({name: host}) for name, host in lab.hosts.items()}

    def host(self, name: str) -> Gateway:
        """Return the gateway to host *name*; HostError if it cannot be opened."""
        return self._gateways[name].of(name)

    def attach(self, device: DeviceConfig) -> dict[str, Any]:
        """Return the capabilities, resources and keys of *device*."""
        return self.host(device.host).attach(device.spec())

    def call(
        self, device: DeviceConfig, method: str, args: Mapping[str, Any] | None = None, seconds: float = 15.0
    ) -> Reply:
        """Call *device*, attached if it is not."""
        self.attach(device)
        return self.host(device.host).call(Call(method, device.name, args or {}, deadline=seconds))

    def details(self, host: str) -> dict[str, Any]:
        """Return what takes a while to find out of *host*: temperatures, software, drivers, captures."""
        return dict(self.bare(host, "host.health", seconds=30).value)

    def bare(self, host: str, method: str, args: Mapping[str, Any] | None = None, seconds: float = 15.0) -> Reply:
        """Call what needs no device, in a process of its own on *host*."""
        gateway = self.host(host)
        gateway.attach({"name": "bench", "virtual": None, "controllers": []})
        return gateway.call(Call(method, "bench", args or {}, deadline=seconds))

    def rest(self, host: str) -> None:
        """Close the gateway to *host*, and with it what it keeps open for devices; the next call opens it again."""
        self._gateways[host].close()

    def close(self) -> None:
        """Close every gateway."""
        for name in self._gateways:
            self.rest(name)
