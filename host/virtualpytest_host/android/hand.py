"""What a person's hand does to an Android device: keys, text, touch; each is one line of `input`."""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Sequence
from typing import Any

from pytest_virtualpytest.exceptions import DeviceError, UnknownName

KEYS = {
    "UP": 19, "DOWN": 20, "LEFT": 21, "RIGHT": 22, "OK": 23, "BACK": 4, "HOME": 3, "MENU": 82, "GUIDE": 172,
    "INFO": 165, "POWER": 26, "CHANNEL_UP": 166, "CHANNEL_DOWN": 167, "VOLUME_UP": 24, "VOLUME_DOWN": 25, "MUTE": 164,
    "PLAY": 126, "PAUSE": 127, "STOP": 86, "REWIND": 89, "FAST_FORWARD": 90, "ENTER": 66, "BACKSPACE": 67, "TAB": 61,
    "SEARCH": 84, "APPS": 187, "WAKE": 224, "SLEEP": 223, "INPUT": 178, "CAMERA": 27,
    **{str(digit): 7 + digit for digit in range(10)},
}  # fmt: skip
_KEYBOARD = "com.android.adbkeyboard"  # an app that takes any text; Android's own keys have ASCII only
_MARKS = {"\n": 66, "\t": 61}
_PIECES = re.compile(r"[\n\t]|(?:[^\n\t%]|%(?!s))+|%")


class Hand:
    """Keys, text and touch by a device's `input`."""

    connection: Any

    def keys(self) -> Sequence[str]:
        """Return the names of its keys."""
        return list(KEYS)

    def press(self, key: str, /) -> None:
        """Press and release *key*."""
        self._input("keyevent", str(_code(key)))

    def hold(self, key: str, _seconds: float, /) -> None:
        """Press *key* for long: for as long as Android itself takes a long press to be."""
        self._input("keyevent", "--longpress", str(_code(key)))

    def type(self, text: str, /) -> None:
        """Enter *text*; what is not ASCII needs the app ADBKeyBoard as the device's keyboard."""
        if text.isascii():
            lines = [shlex.join(["input", *words]) for words in _typed(text)]
            self._act(" && ".join(lines) or "true", "input text")
            return
        chosen = self.connection.run("settings get secure default_input_method").output
        if chosen.partition("/")[0] != _KEYBOARD:
            strange = next(sign for sign in text if not sign.isascii())
            how = f"install ADBKeyBoard and choose it: ime set {_KEYBOARD}/.AdbIME"
            raise DeviceError(f"{self.connection}: Android's `input text` cannot enter {strange!r}; {how}")
        message = base64.b64encode(text.encode()).decode()
        self._act(f"am broadcast -a ADB_INPUT_B64 --es msg {message}", "am broadcast")

    def tap(self, x: int, y: int, /) -> None:
        """Touch (*x*, *y*) for a moment."""
        self._input("tap", str(x), str(y))

    def swipe(self, points: Sequence[tuple[int, int]], seconds: float, /) -> None:
        """Draw a finger through *points* within *seconds*."""
        if len(points) == 2:
            places = [str(part) for point in points for part in point]
            self._act(shlex.join(["input", "swipe", *places, str(round(seconds * 1000))]), "input swipe", seconds)
            return
        words = ["DOWN", *["MOVE"] * (len(points) - 2), "UP"]
        moves = [f"input motionevent {word} {x} {y}" for word, (x, y) in zip(words, points, strict=True)]
        pause = f" && sleep {seconds / (len(points) - 1):.3f} && "
        self._act(pause.join(moves), "input motionevent", seconds)

    def _input(self, *words: str) -> None:
        self._act(shlex.join(["input", *words]), f"input {words[0]}")

    def _act(self, line: str, what: str, seconds: float = 0.0) -> None:
        done = self.connection.run(line, self.connection.timeout + seconds)
        if done.status:
            said = (done.errors or done.output).strip()[-300:]
            raise DeviceError(f"{self.connection}: {what} ended with status {done.status}: {said}")


def _code(key: str) -> int:
    if key not in KEYS:
        raise UnknownName(f"adb: unknown key {key!r}; keys: {', '.join(KEYS)}")
    return KEYS[key]


def _typed(text: str) -> list[list[str]]:
    """Return the words of each `input` that enters a piece of *text*; in a piece, ``%s`` is a blank."""
    pieces: list[str] = _PIECES.findall(text)
    return [
        ["keyevent", str(_MARKS[piece])] if piece in _MARKS else ["text", piece.replace(" ", "%s")] for piece in pieces
    ]
