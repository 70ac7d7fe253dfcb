"""The pointer of an X display."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host.desktop.server import Server

_GAP = 0.05  # seconds between two clicks of a double click


class Mouse:
    """Moves, clicks, drags and scrolls as pyautogui does."""

    server: Server

    def move(self, x: int, y: int, /) -> None:
        """Move to (*x*, *y*)."""
        with self._at([(x, y)]) as gui:
            gui.moveTo(x, y, _pause=False)

    def click(self, x: int, y: int, button: str, count: int, /) -> None:
        """Press and release *button* at (*x*, *y*), *count* times in a row."""
        with self._at([(x, y)], count * _GAP) as gui:
            gui.click(x, y, clicks=count, interval=_GAP if count > 1 else 0.0, button=button, _pause=False)

    def drag(self, points: Sequence[tuple[int, int]], seconds: float, button: str, /) -> None:
        """Keep *button* down from the first of *points* to the last, within *seconds*."""
        with self._at(points, seconds) as gui:
            gui.moveTo(*points[0], _pause=False)
            gui.mouseDown(button=button, _pause=False)
            try:
                for x, y in points[1:]:
                    gui.moveTo(x, y, duration=seconds / (len(points) - 1), _pause=False)
            finally:
                gui.mouseUp(button=button, _pause=False)

    def scroll(self, x: int, y: int, down: int, right: int, /) -> None:
        """Turn the wheel at (*x*, *y*) by steps *down* and to the *right*; up and left below 0."""
        with self._at([(x, y)]) as gui:
            gui.moveTo(x, y, _pause=False)
            gui.vscroll(-down, _pause=False)
            gui.hscroll(right, _pause=False)

    @contextmanager
    def _at(self, points: Sequence[tuple[int, int]], seconds: float = 0.0) -> Iterator[Any]:
        """Give pyautogui, for *seconds*; DeviceError if one of *points* is not on the screen."""
        with self.server.used(seconds) as gui:
            width, height = gui.size()
            for x, y in points:
                if not (0 <= x < width and 0 <= y < height):
                    raise DeviceError(f"{x},{y} is outside the screen of {width}x{height}")
            yield gui
