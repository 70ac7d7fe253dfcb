"""What each class of checks stands on: a controller that its subclass gives, and what a first question to it is."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from pytest_virtualpytest.capabilities import Keyed
from pytest_virtualpytest.key import Key

NOBODY = "no-such-thing-4711"  # what no device has
_FIRST: dict[str, Callable[[Any], object]] = {  # what changes little comes first
    "power": lambda device: device.on() if only_on(device) else device.status(),
    "shell": lambda device: device.run("true", 2.0),
    "apps": lambda device: device.installed(),
    "logs": lambda device: device.since(time.monotonic()),
    "network": lambda device: device.state(),
    "remote": lambda device: device.press(next(iter(keys(device)), str(Key.OK))),
}


class Opened:
    """What each class of checks stands on: *controller* is to be given, *opened* is it, ready for use."""

    @pytest.fixture
    def controller(self) -> Any:
        """Return a controller of a device that is there, made and not opened; a subclass gives it."""
        raise NotImplementedError(f"{type(self).__name__} has no fixture `controller`: return your controller in it")

    @pytest.fixture
    def opened(self, controller: Any) -> Iterator[Any]:
        """Open it, and close it in the end."""
        controller.open()
        try:
            yield controller
        finally:
            controller.close()


def keys(device: Any) -> list[str]:
    """Return the names of the keys that *device* tells."""
    return list(device.keys()) if isinstance(device, Keyed) else []


def only_on(device: Any) -> bool:
    """Tell whether *device* is a supply that can only be switched on, as it says itself."""
    return bool(getattr(device, "only_on", False))


def through(device: Any) -> None:
    """Open *device*, ask it something, close it."""
    device.open()
    try:
        ask(device)
    finally:
        device.close()


def ask(device: Any) -> None:
    """Do with *device* the first thing that it gives, and that changes little."""
    for capability, question in _FIRST.items():
        if capability in device.gives:
            question(device)
            return
