"""Waiting for a device that somebody else holds: a place in line at each that would do, and what is told meanwhile."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from pytest_virtualpytest.exceptions import HostError, LeaseError
from pytest_virtualpytest.needs import Need

if TYPE_CHECKING:
    from types import TracebackType

    from pytest_virtualpytest.config import DeviceConfig
    from pytest_virtualpytest.device import Device
    from pytest_virtualpytest.gateway import Gateway

_SHORTEST, _LONGER = 0.02, 0.12  # seconds between two looks of the first in line: at the beginning, and later on
_LONGEST = 0.4  # of those far behind


@dataclass(frozen=True)
class _Obstacle:
    """Who holds a device, or is before us in its line, in which we have *place*."""

    holder: Mapping[str, Any]
    place: int = 1
    kept: bool = False  # not held, but for who is first in line

    def __str__(self) -> str:
        line = "" if self.place < 2 else f"; {_ordinal(self.place)} in line"
        return f"{'kept for' if self.kept else 'held by'} {in_words(self.holder)}{line}"


class Busy:
    """The devices found held, or kept for others, in one round."""

    def __init__(self) -> None:
        self._obstacles: dict[str, _Obstacle] = {}

    def note(self, device: str, told: Mapping[str, Any]) -> None:
        """Remember that *device* cannot be had, as the details of a refusal or the standing in its line tell."""
        holder = told.get("holder") or {}
        self._obstacles[device] = _Obstacle(holder, int(told.get("place", 1)), bool(told.get("kept")))

    def among(self, devices: Iterable[DeviceConfig]) -> bool:
        """Tell whether one of *devices* cannot be had."""
        return any(device.name in self._obstacles for device in devices)

    @property
    def place(self) -> int:
        """The best place in any line."""
        return min((obstacle.place for obstacle in self._obstacles.values()), default=1)

    def why(self) -> str:
        """Return who is in the way."""
        return str(self._first()[1])

    def line(self, needs: Sequence[Need], choices: Sequence[Sequence[DeviceConfig]], mine: Iterable[str]) -> str:
        """Return who is waited for; LeaseError if only this process could end the wait."""
        for need, row in zip(needs, choices, strict=True):
            held = [device.name for device in row if device.name in self._obstacles]
            if row and set(held) == {device.name for device in row} <= set(mine):
                raise LeaseError(f"{need}: {', '.join(held)} is held by this test process itself, in a wider scope")
        name, obstacle = self._first(mine)
        waited = next((str(need) for need, row in zip(needs, choices, strict=True) if name in _names(row)), name)
        return f"waiting for {waited} ({obstacle})"

    def _first(self, mine: Iterable[str] = ()) -> tuple[str, _Obstacle]:
        return min(self._obstacles.items(), key=lambda item: (item[0] in mine, item[1].place))


class Queue:
    """One place in line, the same at every device and host, until it is left at the end of the `with` block.

    There is no ticket before the first `look`: who finds a device free pays nothing. One who *holds* a device
    already passes the line, since those in it may wait for that device.
    """

    def __init__(self, waiter: Mapping[str, Any], timeout: float | None, *, holds: bool) -> None:
        self.ticket: str | None = None
        self.passes = holds
        self._waiter, self._timeout = dict(waiter), timeout
        self._begun, self._end = 0.0, float("inf")
        self._joined: dict[str, tuple[Gateway, list[str]]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for gateway, _ in self._joined.values():
            gateway.withdraw(str(self.ticket))

    def join(self, devices: Iterable[Device], busy: Busy, line: str) -> None:
        """Begin to wait for *devices*; LeaseError that gives *line* if there is no time for it."""
        self._begun = time.monotonic()
        if self._timeout is not None:
            self._end = self._begun + self._timeout
        self._left(busy, line)
        self._waiter["since"] = time.time()
        self.ticket = f"{time.time_ns():020d}-{secrets.token_hex(4)}"
        for device in sorted(devices, key=lambda device: (device.host, device.resources)):
            self._joined.setdefault(device.host, (device.link.gateway, []))[1].append(device.name)

    def look(self) -> Busy:
        """Return what cannot be had now; one call for each host."""
        busy = Busy()
        for gateway, names in self._joined.values():
            for name, stands in self._asked(gateway, names).items():
                if stands["held"]:
                    busy.note(name, stands)
                elif stands["place"] > 1 and not self.passes:
                    busy.note(name, {**stands, "holder": stands["next"], "kept": True})
        return busy

    def _asked(self, gateway: Gateway, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        try:
            return gateway.queue(names, str(self.ticket), self._waiter)
        except HostError as error:
            error.details["devices"] = list(names)  # these cannot be had, others perhaps can
            raise

    def pause(self, busy: Busy, line: str) -> None:
        """Wait a little, longer far behind in line; LeaseError that gives *line* once the time is over."""
        pause = min(max(_SHORTEST, (time.monotonic() - self._begun) / 20), _LONGER)
        time.sleep(min(pause * busy.place, _LONGEST, self._left(busy, line)))

    def _left(self, busy: Busy, line: str) -> float:
        left = self._end - time.monotonic()
        if left <= 0:
            raise LeaseError(f"no device within {self._timeout:g} s: {line}", details={"busy": busy.why()})
        return left


def in_words(holder: Mapping[str, Any]) -> str:
    """Return who *holder* is: ``ben, run 4f6b, test_zap, 12 s``."""
    words = [str(holder.get("user") or "somebody")]
    words += [f"run {str(holder['run'])[:4]}"] if holder.get("run") else []
    words += [str(holder["test"])] if holder.get("test") else []
    words += [f"{max(0.0, time.time() - float(holder['since'])):.0f} s"] if holder.get("since") else []
    return ", ".join(words)


def _ordinal(number: int) -> str:
    endings = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else endings.get(number % 10, 'th')}"


def _names(row: Iterable[DeviceConfig]) -> list[str]:
    return [device.name for device in row]
