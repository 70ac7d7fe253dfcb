"""What a test does to a device: its remote, its touch, its power."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_virtualpytest.link import Link
from pytest_virtualpytest.looking import Looking
from pytest_virtualpytest.models import Press, Sighting
from pytest_virtualpytest.targets import Target


class Remote:
    """The device's keys."""

    def __init__(self, link: Link, looking: Looking) -> None:
        self._link, self._looking = link, looking

    def press(self, key: str) -> Press:
        """Press and release *key*, a `Key` or a name of the device's own; return when that was."""
        __tracebackhide__ = True
        with self._link.step(f"press {key}", {"key": key}):
            return Press.from_wire(self._link.call("remote.press", {"key": str(key)}).value)

    def hold(self, key: str, seconds: float) -> Press:
        """Keep *key* down for *seconds*."""
        __tracebackhide__ = True
        with self._link.step(f"hold {key}", {"key": key, "seconds": seconds}):
            args = {"key": str(key), "seconds": seconds}
            return Press.from_wire(self._link.call("remote.hold", args, seconds=seconds).value)

    def type(self, text: str) -> Press:
        """Enter *text*, as a keyboard would."""
        __tracebackhide__ = True
        with self._link.step("type", {"text": text}):
            return Press.from_wire(self._link.call("remote.type", {"text": text}, seconds=len(text)).value)

    def press_until(self, key: str, target: Target | str, *, at_most: int, interval: float = 0.5) -> Sighting:
        """Press *key*, *at_most* times, until *target* is seen within *interval* seconds of a press; or NotSeen."""
        __tracebackhide__ = True
        wanted = self._looking.resolved(target)
        with self._link.step(f"press {key} until {wanted}", {"key": key, "target": wanted, "at_most": at_most}):
            args = {"key": str(key), "target": self._looking.shipped(wanted), "at_most": at_most, "interval": interval}
            reply = self._link.call("remote.press_until", args, seconds=at_most * (interval + 1))
            return Sighting.from_wire(reply.value["sighting"])


class Touch:
    """The screen that is touched; places are in pixels of the picture."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def tap(self, x: int, y: int) -> Press:
        """Touch (*x*, *y*) for a moment; return when that was."""
        __tracebackhide__ = True
        with self._link.step(f"tap {x},{y}"):
            return Press.from_wire(self._link.call("touch.tap", {"x": x, "y": y}).value)

    def hold(self, x: int, y: int, seconds: float = 1.0) -> Press:
        """Keep a finger on (*x*, *y*) for *seconds*."""
        __tracebackhide__ = True
        with self._link.step(f"hold {x},{y}", {"seconds": seconds}):
            return self._drawn([(x, y), (x, y)], seconds)

    def swipe(self, *points: tuple[int, int], seconds: float = 0.3) -> Press:
        """Draw a finger through two *points*, or more, within *seconds*."""
        __tracebackhide__ = True
        with self._link.step(f"swipe {' '.join(f'{x},{y}' for x, y in points)}", {"seconds": seconds}):
            return self._drawn(points, seconds)

    def _drawn(self, points: Sequence[tuple[int, int]], seconds: float) -> Press:
        __tracebackhide__ = True
        args = {"points": [list(point) for point in points], "seconds": seconds}
        return Press.from_wire(self._link.call("touch.swipe", args, seconds=seconds).value)


class Power:
    """The device's supply."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def on(self) -> Press:
        """Switch on; return when that was."""
        __tracebackhide__ = True
        with self._link.step("power on"):
            return Press.from_wire(self._link.call("power.on").value)

    def off(self) -> Press:
        """Switch off; return when that was."""
        __tracebackhide__ = True
        with self._link.step("power off"):
            return Press.from_wire(self._link.call("power.off").value)

    def cycle(self) -> Press:
        """Switch off, wait for the supply to run empty, switch on; or start the device anew, until it has booted.

        Return when it was switched on, or its start began and ended.
        """
        __tracebackhide__ = True
        with self._link.step("power cycle"):
            return Press.from_wire(self._link.call("power.cycle", seconds=300).value)

    def status(self) -> bool:
        """Tell whether the supply is on."""
        __tracebackhide__ = True
        with self._link.step("power status"):
            return bool(self._link.call("power.status").value)
