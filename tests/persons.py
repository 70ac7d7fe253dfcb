"""Clients that wait for devices, each with agents of its own."""

from __future__ import annotations

import queue
import threading
import time
from pathlib import Path

from virtualpytest_host import tickets

from pytest_virtualpytest import config
from pytest_virtualpytest.device import Device
from pytest_virtualpytest.exceptions import LeaseError
from pytest_virtualpytest.lab import Lab
from pytest_virtualpytest.needs import Need

LAB = """
[hosts.here]
[hosts.there]
[devices.box1]
kind = "stb"
host = "here"
resources = ["waiting:1"]
[devices.box2]
kind = "stb"
host = "there"
resources = ["waiting:2"]
[devices.card]
kind = "account"
host = "here"
resources = ["waiting:card"]
"""
BOX1, BOX2, ANY = Need("box1", name="box1"), Need("box2", name="box2"), Need("stb", "stb")


class Person:
    """A client with agents of its own, whose thread takes devices when told."""

    def __init__(self, path: Path, name: str) -> None:
        self.lines: queue.Queue[str] = queue.Queue()
        self.lab = Lab(config.load([path]), holder={"user": name}, waiting=self.lines.put)
        self._had: queue.Queue[list[Device] | BaseException] = queue.Queue()

    def hold(self, *needs: Need) -> list[Device]:
        """Take devices that are free."""
        return self.lab.take(needs, timeout=0)

    def wait(self, *needs: Need, timeout: float | None = None) -> str:
        """Take devices that are not free, in a thread; return what is told meanwhile."""
        threading.Thread(target=self._take, args=(needs, timeout), daemon=True).start()
        return self.lines.get(timeout=20)

    def had(self) -> list[str]:
        """Return the names of the devices that were waited for, once they are had."""
        got = self._had.get(timeout=20)
        assert not isinstance(got, BaseException), got
        return [device.name for device in got]

    @property
    def waits(self) -> bool:
        """Whether nothing is had yet."""
        time.sleep(0.5)
        return self._had.empty()

    def drop(self) -> None:
        """Give everything back."""
        for device in list(self.lab._held.values()):
            self.lab.give_back(device)

    def _take(self, needs: tuple[Need, ...], timeout: float | None) -> None:
        try:
            self._had.put(self.lab.take(needs, timeout=timeout))
        except LeaseError as error:
            self._had.put(error)


def in_line(*resources: str) -> list[str]:
    """Return who waits for any of *resources*, the first in line first."""
    return [waiter["user"] for waiter in tickets.ahead(resources)]
