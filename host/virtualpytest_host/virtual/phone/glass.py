"""What a person has of the phone: its picture, its touch, its keys and its keyboard."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from virtualpytest_host.virtual.canvas import Image
from virtualpytest_host.virtual.phone import views
from virtualpytest_host.virtual.phone.apps import LAUNCHER
from virtualpytest_host.virtual.phone.handset import Handset
from virtualpytest_host.virtual.phone.views import View

KEYS = {
    "HOME": 3, "BACK": 4, "DPAD_UP": 19, "DPAD_DOWN": 20, "DPAD_LEFT": 21, "DPAD_RIGHT": 22, "DPAD_CENTER": 23,
    "VOLUME_UP": 24, "VOLUME_DOWN": 25, "POWER": 26, "CAMERA": 27, "TAB": 61, "ENTER": 66, "DEL": 67, "MENU": 82,
    "SEARCH": 84, "MEDIA_STOP": 86, "MEDIA_REWIND": 89, "MEDIA_FAST_FORWARD": 90, "MEDIA_PLAY": 126, "MEDIA_PAUSE": 127,
    "VOLUME_MUTE": 164, "INFO": 165, "CHANNEL_UP": 166, "CHANNEL_DOWN": 167, "GUIDE": 172, "TV_INPUT": 178,
    "APP_SWITCH": 187, "SLEEP": 223, "WAKEUP": 224,
    **{str(digit): 7 + digit for digit in range(10)},
}  # fmt: skip


class Glass:
    """The outside of a phone."""

    def __init__(self, handset: Handset) -> None:
        self._handset = handset
        self._drawn: tuple[int, Image] = (-1, np.zeros((views.HEIGHT, views.WIDTH, 3), np.uint8))

    def tree(self) -> View:
        """Return the views on screen."""
        with self._handset.changed:
            app = self._handset.app
            tree = app.views()
            able = _able(tree)
            if 0 <= app.focus < len(able):
                able[app.focus].focused = True
            return tree

    def picture(self) -> tuple[int, Image]:
        """Return the number of the present picture, and the picture."""
        with self._handset.changed:
            if self._drawn[0] != self._handset.version:
                lit = self._handset.awake and self._handset.booted
                picture = views.draw(self.tree()) if lit else np.zeros_like(self._drawn[1])
                self._drawn = self._handset.version, picture
            return self._drawn

    def tap(self, x: int, y: int) -> None:
        """Touch (*x*, *y*)."""
        with self._handset.acting("tap", x=x, y=y):
            touched = self.tree().at(x, y) if self._handset.awake else None
            if touched and touched.touched:
                touched.touched()

    def swipe(self, points: Sequence[tuple[int, int]]) -> None:
        """Draw a finger through *points*; where it stays in one place, it taps."""
        if points[0] == points[-1]:
            self.tap(*points[0])
            return
        with self._handset.acting("swipe", points=points):
            self._handset.app.slide(points[0][1] - points[-1][1])

    def key(self, name: str, *, held: bool = False) -> None:
        """Press the key *name*."""
        with self._handset.acting("key", key=name, held=held):
            does = _DOES.get(name)
            if does:
                does(self._handset)
            elif name.isdecimal():
                self._handset.app.type(name)

    def type(self, text: str) -> None:
        """Enter *text*."""
        with self._handset.acting("text", text=text):
            self._handset.app.type(text)


def _able(tree: View) -> list[View]:
    return [view for view in tree.all() if view.touched]


def _back(handset: Handset) -> None:
    if not handset.app.back():
        handset.front = LAUNCHER


def _home(handset: Handset) -> None:
    handset.front = LAUNCHER


def _light(on: bool | None) -> Callable[[Handset], None]:
    """Return what switches the screen *on* or off, or over where that is None."""

    def switch(handset: Handset) -> None:
        handset.awake = not handset.awake if on is None else on

    return switch


def _move(step: int) -> Callable[[Handset], None]:
    def move(handset: Handset) -> None:
        last = len(_able(handset.app.views())) - 1
        handset.app.focus = max(0, min(last, handset.app.focus + step))

    return move


def _choose(handset: Handset) -> None:
    able = _able(handset.app.views())
    if 0 <= handset.app.focus < len(able) and (does := able[handset.app.focus].touched):
        does()


_DOES: dict[str, Callable[[Handset], None]] = {
    "HOME": _home, "BACK": _back, "DPAD_UP": _move(-1), "DPAD_LEFT": _move(-1), "DPAD_DOWN": _move(1),
    "DPAD_RIGHT": _move(1), "DPAD_CENTER": _choose, "POWER": _light(None), "SLEEP": _light(False),
    "WAKEUP": _light(True), "ENTER": lambda handset: handset.app.type("\n"), "DEL": lambda handset: handset.app.erase(),
}  # fmt: skip
