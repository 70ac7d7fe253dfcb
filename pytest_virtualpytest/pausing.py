"""Pause a run: no new test begins while a file says so that lies beside its journal.

Whoever may write into the folder of the results can pause the run: a command, the dashboard, a person with an editor.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

FILE = "virtualpytest-pause"
_AGAIN = 300.0  # seconds after which a pause is told again: the run lives


class Pause:
    """The pause of the run whose results are in *folder*; without one, it is never paused."""

    def __init__(self, folder: Path | None) -> None:
        self._path = folder / FILE if folder else None

    @property
    def asked(self) -> bool:
        """Whether no new test is to begin now."""
        return self._path is not None and self._path.exists()

    def ask(self) -> None:
        """Let no new test begin from now on."""
        if self._path is not None:
            self._path.touch()

    def lift(self) -> None:
        """Let the run go on."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)


class Heed:
    """Sees a pause begin and end: *tell* is told ``paused`` at its begin and now and then, ``resumed`` at its end."""

    def __init__(self, pause: Pause, tell: Callable[[str], None]) -> None:
        self._pause, self._tell = pause, tell
        self._told = 0.0

    def look(self) -> bool:
        """Return whether the run is paused now."""
        paused, now = self._pause.asked, time.monotonic()
        if paused and (not self._told or now - self._told > _AGAIN):
            self._tell("paused")
            self._told = now
        elif not paused and self._told:
            self._tell("resumed")
            self._told = 0.0
        return paused
