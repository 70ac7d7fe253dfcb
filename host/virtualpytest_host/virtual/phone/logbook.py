"""What the phone writes down: logcat."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import NamedTuple


class Line(NamedTuple):
    """One line; *at* is seconds since the epoch."""

    at: float
    level: str
    tag: str
    text: str

    def __str__(self) -> str:
        whole = time.strftime("%m-%d %H:%M:%S", time.gmtime(self.at))
        return f"{whole}.{int(self.at % 1 * 1000):03d}  1000  1000 {self.level} {self.tag}: {self.text}"


class Logbook:
    """The newest lines."""

    def __init__(self) -> None:
        self._lines: deque[Line] = deque(maxlen=5000)
        self._written = 0
        self._changed = threading.Condition()

    def write(self, level: str, tag: str, text: str) -> None:
        """Add a line for each line of *text*."""
        with self._changed:
            for one in text.split("\n"):
                self._lines.append(Line(time.time(), level, tag, one))
                self._written += 1
            self._changed.notify_all()

    def clear(self) -> None:
        """Forget every line."""
        with self._changed:
            self._lines.clear()

    def since(self, at: float) -> list[Line]:
        """Return the lines written from *at* on."""
        with self._changed:
            return [line for line in self._lines if line.at >= at]

    def follow(self, number: int, seconds: float) -> tuple[int, list[Line]]:
        """Return the lines after the first *number*, waited for, and how many there were."""
        with self._changed:
            self._changed.wait_for(lambda: self._written > number, seconds)
            new = min(self._written - number, len(self._lines))
            return self._written, list(self._lines)[len(self._lines) - new :]
