"""A controller as a lab would install it: its keys include every way in which one can go wrong.

The folder that this is in looks like site-packages; tests put it on PYTHONPATH.
"""

from __future__ import annotations

import ctypes
import fcntl
import functools
import os
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from pytest_virtualpytest.exceptions import DeviceError


def _hang() -> None:
    threading.Event().wait()


def _fail() -> None:
    raise ValueError("no signal on HDMI 1")


def _print() -> None:
    os.write(1, b"a driver prints\n")
    sys.stdout.write("a driver prints\n")


@functools.cache
def _noise() -> bytes:
    return os.urandom(1920 * 1080 * 3)


def _fail_with_frame() -> None:
    raise DeviceError("a frame of noise", pictures={"noise": _noise()})


_MISHAPS = {
    "HANG": _hang,
    "FAIL": _fail,
    "PRINT": _print,
    "FRAME": _fail_with_frame,
    "CRASH": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "SEGFAULT": lambda: ctypes.string_at(0),
    "STOP": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "EXIT": lambda: os._exit(3),
}


@dataclass
class Rack:
    """A shelf of relays; what it does is written to the file *diary*."""

    name: str
    diary: str = ""
    powered: bool = True
    gives: ClassVar[Sequence[str]] = ("remote", "power")

    def resources(self) -> Sequence[str]:
        """Return the relay that this is."""
        return [f"relay:{self.name}"]

    def open(self) -> None:
        """Write that it is open."""
        self._write("open")

    def close(self) -> None:
        """Write that it is closed."""
        self._write("close")

    def press(self, key: str, /) -> None:
        """Press *key*, or have the mishap of that name."""
        self._write(f"press {key}")
        if key == "USE":
            self._use()
        _MISHAPS.get(key, lambda: None)()

    def on(self) -> None:
        """Switch on."""
        self.powered = True

    def off(self) -> None:
        """Switch off."""
        self.powered = False

    def status(self) -> bool:
        """Tell whether it is on."""
        return self.powered

    def _use(self) -> None:
        """Be in use for a moment; a second user at the same moment is refused, and written down."""
        with Path(f"{self.diary}.{self.name}").open("a") as relay:
            try:
                fcntl.flock(relay, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                self._write(f"OVERLAP {self.name}")
                raise
            threading.Event().wait(0.03)

    def _write(self, line: str) -> None:
        if self.diary:
            with Path(self.diary).open("a", encoding="utf-8") as diary:
                diary.write(f"{line}\n")
