"""What a test's calls to a device's network come to on its host."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from pytest_virtualpytest.exceptions import DeviceError
from pytest_virtualpytest.traffic import Captures, Impairment, Impairs, Traffic
from pytest_virtualpytest.wire import Reply


class Network:
    """The device's network."""

    def __init__(self, controller: Any, _inputs: Any, _handler: Callable[[str], Any]) -> None:
        self._controller = controller

    def ping(self, host: str, count: int, interval: float) -> dict[str, Any]:
        """Return what came back of *count* echo requests."""
        return asdict(self._controller.ping(host, count, interval))

    def resolve(self, name: str, kind: str, server: str) -> dict[str, Any]:
        """Return the answer to a DNS question."""
        return asdict(self._controller.resolve(name, kind, server))

    def fetch(self, url: str, verify: bool) -> dict[str, Any]:
        """Return the times of an HTTP request."""
        return asdict(self._controller.fetch(url, verify))

    def throughput(self, server: str, down: bool, seconds: int, port: int, udp: float) -> dict[str, Any]:
        """Return what an iperf3 server and we have moved."""
        return asdict(self._controller.throughput(server, down, seconds, port, udp))

    def impair(self, impairment: Mapping[str, Any] | None) -> dict[str, Any] | None:
        """Make the link so bad, or as it is by itself; return how it was before."""
        if not isinstance(self._controller, Impairs):
            raise DeviceError(f"{type(self._controller).__name__} cannot make a link worse")
        before = self._controller.impair(Impairment(**impairment) if impairment else None)
        return asdict(before) if before else None

    def capture(self, only: str) -> float:
        """Return the time from which on a capture is; DeviceError if *only* is no filter, or nothing is recorded."""
        begin = time.monotonic()
        self.captured(begin, only)
        return begin

    def captured(self, begin: float, only: str = "") -> Reply:
        """Return what has gone over the link since *begin*."""
        found = self._recorded(begin, only)
        if found is None:
            raise DeviceError("its traffic is not recorded: set `record` in the lab file")
        return _reply(found)

    def evidence(self, begin: float, seconds: float) -> Reply:
        """Return what has gone over the link since *begin* within the last *seconds*; nothing if that is not kept."""
        if not isinstance(self._controller, Captures):
            return Reply()
        found = self._recorded(max(begin, time.monotonic() - seconds))
        return _reply(found) if found else Reply()

    def _recorded(self, begin: float, only: str = "") -> Traffic | None:
        if not isinstance(self._controller, Captures):
            raise DeviceError(f"{type(self._controller).__name__} does not record what goes over the link")
        return self._controller.captured(begin, math.inf, only)

    def interface(self) -> dict[str, Any]:
        """Return how the interface is."""
        return asdict(self._controller.state())


def _reply(found: Traffic) -> Reply:
    return Reply({"packets": found.packets, "whole": found.whole}, [found.pcap])
