"""The true time of every change on screen and in the sound: what a test holds its measurements against.

One JSON object a line: ``at`` is CLOCK_MONOTONIC of the machine, ``pts`` the box's clock in seconds,
``event`` one of screen, sound, flash, key, fault, power, second user.
"""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any


class Truth:
    """Writes the log."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", buffering=1, encoding="utf-8")
        self._lock = threading.Lock()

    def note(self, event: str, *, at: float | None = None, **values: Any) -> None:
        """Write one line."""
        line = json.dumps({"event": event, "at": time.monotonic() if at is None else at, **values})
        with self._lock:
            self._file.write(line + "\n")


def read(path: Path) -> list[dict[str, Any]]:
    """Return every complete line of the log at *path*."""
    lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
    return [json.loads(line) for line in lines]
