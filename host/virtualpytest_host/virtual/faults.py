"""The faults that a virtual box takes on command."""

from __future__ import annotations

import threading
import time

NAMES = (
    "freeze", "stall", "end", "black", "silence", "drop", "slow_key", "hang", "crash", "refuse", "no_signal",
    "deaf",  # keys are taken and do nothing
    "right",  # another tone on the right: the amount is its pitch in Hz, 0 for silence
    "sync",  # a flash and a beep each second: the amount is how many seconds the beep comes later
)  # fmt: skip


class Faults:
    """Which faults are on, and for how long."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        self._amount: dict[str, float] = {}
        self._changed = threading.Condition()

    def set(self, name: str, seconds: float = 0.0, amount: float = 0.0) -> None:
        """Switch *name* on, for *seconds* or until cleared; *amount* is its strength."""
        with self._changed:
            self._until[name] = time.monotonic() + seconds if seconds else float("inf")
            self._amount[name] = amount
            self._changed.notify_all()

    def clear(self) -> None:
        """Switch every fault off."""
        with self._changed:
            self._until.clear()
            self._changed.notify_all()

    def on(self, name: str) -> bool:
        """Tell whether *name* is on now."""
        return time.monotonic() < self._until.get(name, 0.0)

    def amount(self, name: str, default: float) -> float:
        """Return the strength of *name*."""
        return self._amount.get(name) or default

    def outlast(self, name: str, at_most: float) -> None:
        """Wait while *name* is on, for *at_most* seconds."""
        end = time.monotonic() + at_most
        with self._changed:
            while self.on(name) and time.monotonic() < end:
                self._changed.wait(0.2)
