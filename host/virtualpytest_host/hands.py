"""What acts on a device: its keys, its touch and its power, timed on the host's clock."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pytest_virtualpytest.capabilities import Holds, Keyed, Restarts, Types
from pytest_virtualpytest.exceptions import DeviceError, NotSeen
from pytest_virtualpytest.models import Press
from virtualpytest_host import state


class Inputs:
    """When the device was last acted upon, in seconds of CLOCK_MONOTONIC."""

    last: float = 0.0

    def timed(self, key: str, action: Callable[[], None]) -> Press:
        """Do *action*, and return when."""
        before = time.monotonic()
        action()
        self.last = time.monotonic()
        return Press(key, before, self.last, state.boot())


def offered(remote: Any) -> dict[str, Any]:
    """Return the ``keys`` of a remote that tells them, and whether it ``types``."""
    keys = list(remote.keys()) if isinstance(remote, Keyed) else []
    return {"keys": keys, "types": isinstance(remote, Types)}


class Remote:
    """The keys; *handler* gives the screen, for keys that are pressed until something shows."""

    def __init__(self, controller: Any, inputs: Inputs, handler: Callable[[str], Any]) -> None:
        self._controller, self._inputs = controller, inputs
        self._screen = functools.partial(handler, "screen")

    def press(self, key: str) -> dict[str, Any]:
        """Press and release *key*, and return when."""
        return self._inputs.timed(key, lambda: self._controller.press(key)).to_wire()

    def hold(self, key: str, seconds: float) -> dict[str, Any]:
        """Keep *key* down for *seconds*."""
        if not isinstance(self._controller, Holds):
            raise DeviceError(f"{type(self._controller).__name__} cannot hold a key down")
        controller = self._controller
        return self._inputs.timed(key, lambda: controller.hold(key, seconds)).to_wire()

    def type(self, text: str) -> dict[str, Any]:
        """Enter *text*."""
        if not isinstance(self._controller, Types):
            raise DeviceError(f"{type(self._controller).__name__} cannot enter text")
        controller = self._controller
        return self._inputs.timed(text, lambda: controller.type(text)).to_wire()

    def press_until(self, key: str, target: Mapping[str, Any], at_most: int, interval: float) -> dict[str, Any]:
        """Press *key* until *target* shows, looking *interval* seconds after each press; at most *at_most* times."""
        seen = self._screen().find(target).value
        if seen["found"]:
            return {"presses": 0, "sighting": seen}
        for presses in range(1, at_most + 1):
            self.press(key)
            try:
                return {"presses": presses, "sighting": self._screen().wait_for(target, interval).value}
            except NotSeen as error:
                last = error
        message = f"{last.message}; {key} was pressed {at_most} times"
        raise NotSeen(message, details=last.details, pictures=last.pictures)


class Touch:
    """The screen that is touched."""

    def __init__(self, controller: Any, inputs: Inputs, _handler: Callable[[str], Any]) -> None:
        self._controller, self._inputs = controller, inputs

    def tap(self, x: int, y: int) -> dict[str, Any]:
        """Touch (*x*, *y*), and return when."""
        return self._inputs.timed(f"tap {x},{y}", lambda: self._controller.tap(x, y)).to_wire()

    def swipe(self, points: Sequence[Sequence[int]], seconds: float) -> dict[str, Any]:
        """Draw a finger through *points*, and return when."""
        if len(points) < 2:
            raise DeviceError(f"a swipe has two points or more, not {len(points)}; use tap for one")
        way = [(x, y) for x, y in points]
        return self._inputs.timed("swipe", lambda: self._controller.swipe(way, seconds)).to_wire()


class Supply:
    """The power."""

    def __init__(self, controller: Any, inputs: Inputs, _handler: Callable[[str], Any]) -> None:
        self._controller, self._inputs = controller, inputs

    def on(self) -> dict[str, Any]:
        """Switch on, and return when."""
        return self._inputs.timed("on", self._controller.on).to_wire()

    def off(self) -> dict[str, Any]:
        """Switch off, and return when."""
        return self._inputs.timed("off", self._controller.off).to_wire()

    def cycle(self, seconds: float = 1.0) -> dict[str, Any]:
        """Switch off, wait *seconds*, switch on again, or start anew; return when it came on."""
        if isinstance(self._controller, Restarts):
            return self._inputs.timed("restart", self._controller.restart).to_wire()
        self.off()
        if self._controller.status():
            raise DeviceError("the supply is still on after it was switched off")
        time.sleep(seconds)
        return self.on()

    def status(self) -> bool:
        """Tell whether the supply is on."""
        return bool(self._controller.status())
