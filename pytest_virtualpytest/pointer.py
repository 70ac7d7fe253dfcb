"""What a test does with a device's mouse."""

from __future__ import annotations

from typing import Any, TypeAlias

from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.link import Link
from pytest_virtualpytest.looking import Area, Looking
from pytest_virtualpytest.models import Press, Sighting
from pytest_virtualpytest.targets import Target

Place: TypeAlias = "tuple[int, int] | Target | str | Sighting"


class Pointer:
    """The device's mouse.

    A place is (x, y) in pixels of the picture, a sighting, or a target or a picture's name: that is waited for, as
    by `screen.wait_for`, in *region* of the picture if one is given, and its middle is the place. Each call returns
    when it was.
    """

    def __init__(self, link: Link, looking: Looking) -> None:
        self._link, self._looking = link, looking

    def move(self, place: Place, *, timeout: float | None = None, region: Area = None) -> Press:
        """Move to *place*."""
        __tracebackhide__ = True
        return self._act("move", place, timeout, region)

    def click(
        self, place: Place, *, button: str = "left", timeout: float | None = None, region: Area = None
    ) -> Press:
        """Click at *place* with the ``left``, ``middle`` or ``right`` button."""
        __tracebackhide__ = True
        return self._act("click", place, timeout, region, button=button, count=1)

    def double_click(
        self, place: Place, *, button: str = "left", timeout: float | None = None, region: Area = None
    ) -> Press:
        """Click at *place* twice in a row."""
        __tracebackhide__ = True
        return self._act("click", place, timeout, region, button=button, count=2)

    def drag(self, *places: Place, seconds: float = 0.5, button: str = "left", timeout: float | None = None) -> Press:
        """Keep *button* down from the first of two *places*, or more, to the last, within *seconds*."""
        __tracebackhide__ = True
        with self._link.step(f"drag {' '.join(map(_said, places))}", {"seconds": seconds}):
            wait = self._link.seconds(timeout)
            args = {"places": [self._sent(place) for place in places], "timeout": wait, "seconds": seconds}
            longest = seconds + wait * len(places)
            reply = self._link.call("pointer.drag", {**args, "button": button}, seconds=longest)
            return Press.from_wire(reply.value)

    def scroll(self, place: Place, *, down: int = 0, right: int = 0, timeout: float | None = None) -> Press:
        """Turn the wheel at *place* by steps *down* or to the *right*; up and left are below 0."""
        __tracebackhide__ = True
        return self._act("scroll", place, timeout, None, down=down, right=right)

    def _act(self, action: str, place: Place, timeout: float | None, region: Area, **more: Any) -> Press:
        __tracebackhide__ = True
        with self._link.step(f"{action} {_said(place)}", more):
            wait = self._link.seconds(timeout)
            args = {"place": self._sent(place, region), "timeout": wait, **more}
            return Press.from_wire(self._link.call(f"pointer.{action}", args, seconds=wait).value)

    def _sent(self, place: Place, region: Area = None) -> Any:
        """Return *place* as the host reads it: two numbers, or a target."""
        __tracebackhide__ = True
        if isinstance(place, tuple):
            return list(place)
        if not isinstance(place, Sighting):
            return self._looking.shipped(self._looking.resolved(place, region))
        if not place or place.region is None:
            raise VirtualPytestError(f"{place.target}: this sighting has no place that could be pointed at")
        x, y, width, height = place.region
        return [x + width // 2, y + height // 2]


def _said(place: Place) -> str:
    if isinstance(place, tuple):
        return ",".join(map(str, place))
    return place.target if isinstance(place, Sighting) else str(place)
