"""A terminal on a device: commands of its own shell, and what they print, so that it can be shown.

What is printed is somebody else's text: control characters and those that turn a line around are shown as signs.
"""

from __future__ import annotations

import contextlib
import shlex
import unicodedata
from collections.abc import Sequence
from typing import Any, Protocol

from pytest_virtualpytest.config import DeviceConfig
from pytest_virtualpytest.device import Device
from pytest_virtualpytest.exceptions import DeviceError

LIMIT = 32_000  # letters that are shown of what a command printed
_HEAD = LIMIT // 4
_KEPT = "\n\t"


class _Following(Protocol):
    """A command that goes on."""

    @property
    def ended(self) -> bool: ...

    def text(self) -> str: ...


class Terminal:
    """The shell of *device*; one command at most is followed."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._undo = contextlib.ExitStack()
        self._followed: _Following | None = None

    def run(self, command: str, seconds: float) -> dict[str, Any]:
        """Return what *command* came to: its exit status, what it printed, and what it complained of."""
        done = self._device.shell.run(argument(self._device.config, command), timeout=seconds)
        return {"status": done.status, "output": shown(done.output), "errors": shown(done.errors)}

    def follow(self, command: str) -> None:
        """Begin *command*, and end the one that was followed before."""
        self.leave()
        following = self._device.shell.follow(argument(self._device.config, command))
        self._followed = self._undo.enter_context(following)

    def printed(self) -> dict[str, Any] | None:
        """Return what the followed command has printed, and whether it has *ended*; None where there is none."""
        if self._followed is None:
            return None
        ended = self._followed.ended  # asked first: what it printed last is then there
        return {"ended": ended, "output": shown(self._followed.text(), head=0)}

    def leave(self) -> None:
        """End the command that is followed."""
        self._followed = None
        self._undo.close()


def argument(device: DeviceConfig, command: str) -> str | Sequence[str]:
    """Return *command* as *device*'s shell takes it.

    A desktop has no shell but its host's, which is given no line: there it is a program and its arguments.
    """
    if device.virtual != "desktop" and not any(one.controller == "desktop" for one in device.controllers):
        return command
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise DeviceError(f"{command!r} is no program with its arguments: {str(error).lower()}") from error
    if not words:
        raise DeviceError(f"{command!r} names no program")
    return words


def shown(text: str, *, head: int = _HEAD) -> str:
    """Return *text* as it can be shown; of a long one its end and *head* letters of its beginning, which says so."""
    lines = text.replace("\r\n", "\n")
    if (left_out := len(lines) - LIMIT) > 0:
        lines = f"{lines[:head]}\n… {left_out} letters are left out …\n{lines[head + left_out :]}"
    return "".join(map(_sign, lines))


def _sign(letter: str) -> str:
    if letter.isprintable() or letter in _KEPT:
        return letter
    if letter < " ":
        return chr(0x2400 + ord(letter))
    return " " if unicodedata.category(letter) == "Zs" else f"<U+{ord(letter):04X}>"
