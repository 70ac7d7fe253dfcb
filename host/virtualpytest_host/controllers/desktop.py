"""A desktop under X11: keyboard, mouse, programs, shell, files and screen of a display on this host."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from pytest_virtualpytest.capabilities import Source
from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host.desktop.guard import Guard
from virtualpytest_host.desktop.inside import Inside
from virtualpytest_host.desktop.keyboard import Keyboard
from virtualpytest_host.desktop.mouse import Mouse
from virtualpytest_host.desktop.process import Process
from virtualpytest_host.desktop.programs import Programs
from virtualpytest_host.desktop.server import Server, authorize
from virtualpytest_host.desktop.xvfb import Xvfb

VIRTUAL = "virtual"
_LONGEST = 32767  # pixels: what X11 can number


@dataclass
class Desktop(Keyboard, Mouse, Programs, Inside):
    """The X display *display*, such as ``:0``; ``virtual`` is one of its own, of *size*, as long as it is open.

    *authority* is the file of cookies by which its X server knows its user. What is not answered in *timeout*
    seconds failed; a program may take *start_timeout* to show a window. The screen is taken *fps* times a second.
    """

    display: str
    size: str = "1280x720"
    authority: Path | None = None
    timeout: float = 5.0
    start_timeout: float = 15.0
    fps: int = 25
    gives: ClassVar[Sequence[str]] = ("remote", "pointer", "apps", "shell", "files", "screen")
    server: Server = field(init=False, repr=False, compare=False)
    guard: Guard = field(init=False, repr=False, compare=False)
    _own: Xvfb = field(init=False, repr=False, compare=False)
    _running: list[tuple[str, Process]] = field(default_factory=list, init=False, repr=False)
    _down: list[str | int] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        match = re.fullmatch(r"(\d{1,5})x(\d{1,5})", self.size)
        if match is None or not all(0 < int(side) <= _LONGEST for side in match.groups()):
            raise DeviceError(f"desktop: size {self.size!r} is none; wanted one such as '1280x720', up to {_LONGEST}")
        self.server, self._own = Server(self._where, self.authority, self.timeout), Xvfb(self.size)
        self.guard = Guard()

    def resources(self) -> Sequence[str]:
        """Return the display, if it is not one of its own."""
        return [] if self.display == VIRTUAL else [self.display.removesuffix(".0")]

    def open(self) -> None:
        """Connect, so that the first key need not."""
        with self.server.used():
            pass

    def close(self) -> None:
        """End the programs that it has started, and a display of its own."""
        self._end_all()
        self.guard.close()
        self.server.close()
        self._own.close()

    def stream(self) -> Source:
        """Return what the recorder shall open: the display's picture, without the pointer.

        A picture is true for the moment at which it is taken; what it shows came since the one before.
        """
        authorize(self.authority)
        name = self._where()
        options = {"framerate": str(self.fps), "draw_mouse": "0"}
        if self.display == VIRTUAL:  # FFmpeg ignores it; it keeps apart what another display of this number has shown
            options["mark"] = self._own.mark
        return Source(name, "x11grab", options, 0.0, 0.5 / self.fps)

    def _where(self) -> str:
        return self._own.name() if self.display == VIRTUAL else self.display
