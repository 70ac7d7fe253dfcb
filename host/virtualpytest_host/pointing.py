"""A device's mouse: at a place of the picture, or wherever a target is seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pytest_virtualpytest.capabilities import BUTTONS
from pytest_virtualpytest.exceptions import DeviceError, UnknownName
from virtualpytest_host.hands import Inputs

Place = Sequence[int] | Mapping[str, Any]  # x and y, or a target as it crosses the wire


class Pointer:
    """The mouse: each method is one call of a client; targets are waited for, *timeout* seconds each."""

    def __init__(self, controller: Any, inputs: Inputs, handler: Callable[[str], Any]) -> None:
        self._controller, self._inputs, self._handler = controller, inputs, handler

    def move(self, place: Place, timeout: float) -> dict[str, Any]:
        """Move to *place*, and return when."""
        x, y = self._found(place, timeout)
        return self._inputs.timed(f"move {x},{y}", lambda: self._controller.move(x, y)).to_wire()

    def click(self, place: Place, timeout: float, button: str, count: int) -> dict[str, Any]:
        """Click *count* times at *place*, and return when."""
        _check(button)
        x, y = self._found(place, timeout)
        return self._inputs.timed(f"click {x},{y}", lambda: self._controller.click(x, y, button, count)).to_wire()

    def drag(self, places: Sequence[Place], timeout: float, seconds: float, button: str) -> dict[str, Any]:
        """Drag from the first of *places* through the others, and return when."""
        _check(button)
        if len(places) < 2:
            raise DeviceError(f"a drag has two places or more, not {len(places)}")
        way = [self._found(place, timeout) for place in places]
        return self._inputs.timed("drag", lambda: self._controller.drag(way, seconds, button)).to_wire()

    def scroll(self, place: Place, timeout: float, down: int, right: int) -> dict[str, Any]:
        """Turn the wheel at *place*, and return when."""
        x, y = self._found(place, timeout)
        return self._inputs.timed(f"scroll {x},{y}", lambda: self._controller.scroll(x, y, down, right)).to_wire()

    def _found(self, place: Place, timeout: float) -> tuple[int, int]:
        if not isinstance(place, Mapping):
            x, y = place
            return x, y
        seen = self._handler("screen").wait_for(place, timeout).value
        if not seen["region"]:
            raise DeviceError(f"{seen['target']} was seen, but at no place of its own that could be pointed at")
        x, y, width, height = seen["region"]
        return x + width // 2, y + height // 2


def _check(button: str) -> None:
    if button not in BUTTONS:
        raise UnknownName(f"unknown button {button!r}; buttons: {', '.join(BUTTONS)}")
