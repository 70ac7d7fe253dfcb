"""The hosts of a lab as a person at the bench reaches them: to look, without holding a device."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any, TypeVar

from pytest_virtualpytest.config import DeviceConfig, LabConfig
from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.gateway import Gateway, Gateways, client
from pytest_virtualpytest.wire import Call, Reply

Item = TypeVar("Item")
Result = TypeVar("Result")


class Bench:
    """Calls to the hosts and devices of a lab."""

    def __init__(self, lab: LabConfig) -> None:
        self._gateways = Gateways(lab.hosts)

    def host(self, name: str) -> Gateway:
        """Return the gateway to host *name*."""
        return self._gateways.of(name)

    def attach(self, device: DeviceConfig) -> dict[str, Any]:
        """Return the capabilities and resources of *device*."""
        return self.host(device.host).attach(device.spec())

    def call(
        self, device: DeviceConfig, method: str, args: Mapping[str, Any] | None = None, seconds: float = 10.0
    ) -> Reply:
        """Call *device*, which must be attached."""
        return self.host(device.host).call(Call(method, device.name, args or {}, deadline=seconds))

    def bare(
        self, host: str, method: str, args: Mapping[str, Any], blobs: Sequence[bytes] = (), seconds: float = 60.0
    ) -> Reply:
        """Call what needs no device, in a process of its own on *host*."""
        gateway = self.host(host)
        gateway.attach({"name": "bench", "virtual": None, "controllers": []})
        return gateway.call(Call(method, "bench", args, deadline=seconds, blobs=blobs))

    def each(self, items: Iterable[Item], action: Callable[[Item], Result]) -> list[Result]:
        """Return what *action* returns for each of *items*, done side by side."""
        doing = [(item, Future[Result]()) for item in items]
        for item, future in doing:  # daemons: Ctrl-C waits for none of them
            threading.Thread(target=_settle, args=(future, action, item), daemon=True).start()
        return [future.result() for _, future in doing]

    def close(self) -> None:
        """End the agents, and with them everything that this process holds."""
        self._gateways.close()


def _settle(future: Future[Result], action: Callable[[Item], Result], item: Item) -> None:
    try:
        future.set_result(action(item))
    except VirtualPytestError as error:
        future.set_exception(error)
    finally:
        future.cancel()  # where something else went wrong: whoever waits must not wait for ever


@contextmanager
def opened(lab: LabConfig) -> Iterator[Bench]:
    """Open the hosts of *lab* on need, and close them in the end."""
    bench = Bench(lab)
    try:
        yield bench
    finally:
        bench.close()


def holder(command: str) -> dict[str, Any]:
    """Return who holds a device that is leased for *command*."""
    return {**client(), "kind": "person", "test": f"virtualpytest {command}", "since": time.time()}
