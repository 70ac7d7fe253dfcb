"""The keyboard of an X display: keys by the names of a remote, and any text."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from typing import Any

from pytest_virtualpytest.exceptions import UnknownName
from virtualpytest_host.desktop import windows
from virtualpytest_host.desktop.server import Server, connection
from virtualpytest_host.desktop.typist import PACE, Typist

KEYS: dict[str, str | int] = {  # pyautogui's names; keysyms of X11 for what it has no name for
    "UP": "up", "DOWN": "down", "LEFT": "left", "RIGHT": "right", "OK": "enter", "BACK": "esc", "HOME": "home",
    "MENU": "apps", "CHANNEL_UP": "pageup", "CHANNEL_DOWN": "pagedown", "ENTER": "enter", "ESCAPE": "esc",
    "BACKSPACE": "backspace", "TAB": "tab", "SPACE": "space", "DELETE": "delete", "INSERT": "insert", "END": "end",
    "PAGE_UP": "pageup", "PAGE_DOWN": "pagedown", "PRINT": "printscreen",
    "CTRL": "ctrl", "SHIFT": "shift", "ALT": "alt", "SUPER": "win",
    "VOLUME_UP": 0x1008FF13, "VOLUME_DOWN": 0x1008FF11, "MUTE": 0x1008FF12, "PLAY": 0x1008FF14, "PAUSE": 0x1008FF31,
    "STOP": 0x1008FF15, "REWIND": 0x1008FF3E, "FAST_FORWARD": 0x1008FF97,
    **{f"F{number}": f"f{number}" for number in range(1, 13)},
    **{str(digit): str(digit) for digit in range(10)},
    **{letter: letter.lower() for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ"},
}  # fmt: skip


class Keyboard:
    """Keys by pyautogui, text by the X server's own table of characters."""

    server: Server
    _down: list[str | int]  # what a server that hung may not have heard go up

    def keys(self) -> Sequence[str]:
        """Return the names of its keys; several at once are joined by +, such as ``CTRL+C``."""
        return list(KEYS)

    def press(self, key: str, /) -> None:
        """Press and release *key*."""
        with self._kept_down(key, 0.0):
            pass

    def hold(self, key: str, seconds: float, /) -> None:
        """Keep *key* down for *seconds*."""
        with self._kept_down(key, seconds):
            time.sleep(seconds)

    def type(self, text: str, /) -> None:
        """Enter *text*, of whatever script."""
        with self.server.used(len(text) * PACE) as gui:
            self._attend(gui)
            Typist(connection(gui)).enter(text)

    def _attend(self, gui: Any) -> None:
        """Have the keyboard where it belongs, if windows have changed since."""
        if self.server.stirred:
            self.server.stirred = False
            windows.attend(connection(gui))

    @contextlib.contextmanager
    def _kept_down(self, key: str, seconds: float) -> Iterator[None]:
        names = _names(key)
        with self.server.used(seconds) as gui:
            for name in self._down:
                _turn(gui, name, down=False)
            self._attend(gui)
            self._down = list(reversed(names))
            for name in names:
                _turn(gui, name, down=True)
            yield
            for name in self._down:
                _turn(gui, name, down=False)
            self._down = []


def _names(key: str) -> list[str | int]:
    """Return what is to be pressed for *key*, one or several; UnknownName if one of them is unknown."""
    unknown = [name for name in key.split("+") if name not in KEYS]
    if unknown:
        raise UnknownName(f"desktop: unknown key {key!r}; keys: {', '.join(KEYS)}, or several such as CTRL+C")
    return [KEYS[name] for name in key.split("+")]


def _turn(gui: Any, name: str | int, *, down: bool) -> None:
    if isinstance(name, str) and gui.platformModule.keyboardMapping.get(name):
        (gui.keyDown if down else gui.keyUp)(name, _pause=False)  # a pause of 0 is still one
    else:
        Typist(connection(gui)).turn(name, down=down)
