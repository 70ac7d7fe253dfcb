"""Waiting for a device that somebody else holds."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pytest_virtualpytest.exceptions import LeaseError
from pytest_virtualpytest.needs import Need

if TYPE_CHECKING:
    from pytest_virtualpytest.config import DeviceConfig

_FIRST, _LONGEST = 0.05, 1.0


class Busy:
    """The devices found held in one round, and by whom."""

    def __init__(self) -> None:
        self._holders: dict[str, Mapping[str, Any]] = {}

    def note(self, device: str, holder: object) -> None:
        """Remember that *device* is held."""
        self._holders[device] = holder if isinstance(holder, Mapping) else {}

    def among(self, devices: Iterable[DeviceConfig]) -> bool:
        """Tell whether one of *devices* is held."""
        return any(device.name in self._holders for device in devices)

    def line(self, needs: Sequence[Need], choices: Sequence[Sequence[DeviceConfig]], mine: Iterable[str]) -> str:
        """Return who is waited for; LeaseError if only this process could end the wait."""
        for need, row in zip(needs, choices, strict=True):
            held = [device.name for device in row if device.name in self._holders]
            if row and set(held) == {device.name for device in row} <= set(mine):
                raise LeaseError(f"{need}: {', '.join(held)} is held by this test process itself, in a wider scope")
        name, holder = next(iter(self._holders.items()))
        waited = next((str(need) for need, row in zip(needs, choices, strict=True) if name in _names(row)), name)
        return f"waiting for {waited} (held by {in_words(holder)})"


class Backoff:
    """Pauses that grow, until *timeout* seconds have passed."""

    def __init__(self, timeout: float | None) -> None:
        self._end = None if timeout is None else time.monotonic() + timeout
        self._timeout, self._pause = timeout, _FIRST

    def pause(self, line: str) -> None:
        """Wait a little; LeaseError that gives *line* once the time is over."""
        if self._end is not None and time.monotonic() > self._end:
            raise LeaseError(f"no device within {self._timeout:g} s: {line}")
        time.sleep(self._pause * random.uniform(0.5, 1))  # so that two waiters do not keep step
        self._pause = min(self._pause * 1.5, _LONGEST)


def in_words(holder: Mapping[str, Any]) -> str:
    """Return who *holder* is: ``ben, run 4f6b, test_zap, 12 s``."""
    words = [str(holder.get("user") or "somebody")]
    words += [f"run {str(holder['run'])[:4]}"] if holder.get("run") else []
    words += [str(holder["test"])] if holder.get("test") else []
    words += [f"{max(0.0, time.time() - float(holder['since'])):.0f} s"] if holder.get("since") else []
    return ", ".join(words)


def _names(row: Iterable[DeviceConfig]) -> list[str]:
    return [device.name for device in row]
