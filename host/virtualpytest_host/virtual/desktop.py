"""A virtual desktop, as a process of its own: an X server without a screen, on which real programs show themselves.

    python -m virtualpytest_host.virtual.desktop --name desktop1 --folder FOLDER

It writes ``state.json`` (pid, ports, display) and ``truth.jsonl`` into FOLDER, holds ``box.lock`` there while it
lives, and ends when nobody has held ``users`` for a while.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from virtualpytest_host import needs
from virtualpytest_host.desktop.server import authorize
from virtualpytest_host.desktop.xvfb import Xvfb
from virtualpytest_host.virtual import presence, servers, tenancy
from virtualpytest_host.virtual.faults import Faults
from virtualpytest_host.virtual.truth import Truth

with needs.extra("a virtual desktop", "desktop"):
    from Xlib.display import Display

FAULTS = ("hang", "crash")  # the X server is stopped; everything is killed
SIZE = "1280x720"
_GROUND = 0x2E4A62  # behind all windows: not black, which a test may take for a fault
_TURN = 0.1


class Desktop:
    """The process: its X server, and the port for faults."""

    def __init__(self, options: argparse.Namespace) -> None:
        folder = Path(options.folder)
        self._faults, self._server, self._hangs = Faults(), Xvfb(SIZE), False
        self._tenancy = tenancy.Tenancy(folder, options.linger)
        display = self._server.name()
        _paint(display)
        control = servers.control(
            self._faults, Truth(folder / "truth.jsonl"), self._apply, lambda: "hangs" if self._hangs else "on", FAULTS
        )
        presence.publish(folder, options.name, {"control": control}, kind="desktop", display=display)

    def run(self) -> None:
        """Serve until nobody needs the desktop, or its X server has ended."""
        presence.ready()
        while not self._tenancy.over() and self._server.runs():
            time.sleep(_TURN)
            self._apply()

    def close(self) -> None:
        """End the X server, and with it the programs."""
        self._server.close()

    def _apply(self) -> None:
        if self._faults.on("crash"):
            os.kill(os.getpid(), signal.SIGKILL)
        hangs = self._faults.on("hang")
        if hangs != self._hangs:
            self._hangs = hangs
            os.kill(self._server.pid, signal.SIGSTOP if hangs else signal.SIGCONT)


def _paint(name: str) -> None:
    """Give the screen of the display *name* a ground."""
    authorize(None)
    with contextlib.closing(Display(name)) as display:
        root = display.screen().root
        root.change_attributes(background_pixel=_GROUND)
        root.clear_area()
        display.sync()


def parser() -> argparse.ArgumentParser:
    """Return the options of a desktop."""
    return presence.parser("desktop", "desktop", __doc__)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a desktop until nobody needs it."""
    options = parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with presence.alone(options.folder):
        with contextlib.suppress(KeyboardInterrupt), contextlib.closing(Desktop(options)) as desktop:
            desktop.run()
        os._exit(0)


if __name__ == "__main__":
    main()
