"""Who needs a virtual device: users share a lock, and the last one's end starts a countdown.

A folder holds ``start.lock`` (held while one starts or ends the box), ``users`` (each user holds a shared
flock), ``box.lock`` (the box holds it while it lives) and ``pinned`` (a file: never end by itself).
"""

from __future__ import annotations

import fcntl
import time
from pathlib import Path


def taken(path: Path, *, shared: bool = False) -> bool:
    """Tell whether somebody holds a flock on *path*; *shared* where its holders share it.

    Who only looks shares the lock for that moment, so that two who look do not take each other for the holder.
    """
    with path.open("a") as file:
        try:
            fcntl.flock(file, (fcntl.LOCK_EX if shared else fcntl.LOCK_SH) | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


class Tenancy:
    """The box's own view: is it still needed?"""

    def __init__(self, folder: Path, linger: float) -> None:
        self._folder, self._linger = folder, linger
        self._start_lock = (folder / "start.lock").open("a")
        self._needed = self._looked = time.monotonic()

    def over(self) -> bool:
        """Tell whether the box must end now; then ``start.lock`` is held until the process is gone."""
        now = time.monotonic()
        if now - self._looked < min(0.5, self._linger / 4):
            return False
        self._looked = now
        if self._wanted():
            self._needed = now
        return now - self._needed > self._linger and self._still_unwanted()

    def _wanted(self) -> bool:
        return (self._folder / "pinned").exists() or taken(self._folder / "users", shared=True)

    def _still_unwanted(self) -> bool:
        try:
            fcntl.flock(self._start_lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # somebody is just coming
            return False
        if self._wanted():
            fcntl.flock(self._start_lock, fcntl.LOCK_UN)
            return False
        return True
