"""Which devices of a lab are free: so many workers can be busy."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.gateway import Gateways
from pytest_virtualpytest.lab import Lab
from pytest_virtualpytest.wire import Call

FREE = pytest.StashKey[frozenset[str]]()  # where the number of workers was left to us: the devices that were free


def names(lab: Lab) -> frozenset[str]:
    """Return the devices of *lab* that nobody holds; those of a host that does not answer count as free."""
    hosts = list(dict.fromkeys(device.host for device in lab.devices))
    with contextlib.closing(Gateways(lab.config.hosts)) as gateways, ThreadPoolExecutor(len(hosts) or 1) as pool:
        held = dict(zip(hosts, pool.map(lambda host: _held(gateways, host), hosts), strict=True))
    return frozenset(device.name for device in lab.devices if device.name not in held[device.host])


def _held(gateways: Gateways, host: str) -> frozenset[str]:
    with contextlib.suppress(VirtualPytestError):  # the workers will say why it does not answer
        return frozenset(gateways.of(host).call(Call("held", deadline=10.0)).value)
    return frozenset()
