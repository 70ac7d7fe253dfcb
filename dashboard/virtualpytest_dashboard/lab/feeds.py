"""Live pictures: one thread fetches those of a device while somebody watches, for all who do."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from pytest_virtualpytest.config import DeviceConfig, LabConfig
from pytest_virtualpytest.exceptions import ConfigError, LabFault
from virtualpytest_dashboard.lab.reach import Reach
from virtualpytest_dashboard.lab.survey import in_a_line

_PAUSE = 2.0  # seconds after a fault until the device is tried again


@dataclass(frozen=True)
class Size:
    """How pictures are wanted: at most *width* pixels wide, one each *every* seconds at most, *key* frames only."""

    name: str
    width: int
    every: float
    key: bool = False


SIZES = {size.name: size for size in (Size("small", 320, 0.5, key=True), Size("large", 960, 1 / 15))}


@dataclass(frozen=True)
class Shown:
    """One live picture, or *why* there is none; *number* counts them, *width* and *height* are the device's own."""

    number: int = 0
    jpeg: bytes = b""
    captured: float = 0.0
    age: float = 0.0
    width: int = 0
    height: int = 0
    why: str = ""


class Feed:
    """The pictures of one device in one size; only the newest is kept, so that nobody's slowness makes a queue."""

    def __init__(self, device: DeviceConfig, size: Size, reach: Reach) -> None:
        self._device, self._size, self._reach = device, size, reach
        self._told: set[Callable[[], None]] = set()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._shown = Shown()
        self._closed = threading.Event()

    @property
    def shown(self) -> Shown:
        """The newest picture."""
        return self._shown

    @contextmanager
    def watched(self, tell: Callable[[], None]) -> Iterator[None]:
        """Fetch pictures while the block runs; *tell* is called, in another thread, at each."""
        with self._lock:
            self._told.add(tell)
            if self._thread is None and not self._closed.is_set():
                self._shown = Shown()  # what was shown when somebody last watched is no news
                self._thread = threading.Thread(target=self._run, daemon=True, name=f"live {self._device.name}")
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._told.discard(tell)

    def close(self) -> None:
        """Fetch no more."""
        self._closed.set()

    def _run(self) -> None:
        while listeners := self._listeners():
            began = time.monotonic()
            shown = self._fetched()
            if shown.number != self._shown.number:
                self._shown = shown
                for tell in listeners:
                    tell()
            pause = _PAUSE if shown.why else self._size.every
            self._closed.wait(max(0.0, began + pause - time.monotonic()))

    def _listeners(self) -> list[Callable[[], None]]:
        with self._lock:
            if self._closed.is_set() or not self._told:
                self._thread = None
                return []
            return list(self._told)

    def _fetched(self) -> Shown:
        """Return the next picture, the one before where there is none, or why there is none."""
        last = self._shown
        args = {"width": self._size.width, "after": last.captured, "key": self._size.key}
        try:
            reply = self._reach.call(self._device, "screen.live", args)
        except (LabFault, ConfigError) as error:
            why = in_a_line(error)
            return last if last.why == why else Shown(last.number + 1, why=why)
        if not reply.blobs:
            return last
        return Shown(last.number + 1, bytes(reply.blobs[0]), **reply.value)


class Feeds:
    """The feeds of every device that has a screen, by its name and the size."""

    def __init__(self, lab: LabConfig, reach: Reach) -> None:
        self._feeds: Mapping[tuple[str, str], Feed] = {
            (device.name, size.name): Feed(device, size, reach)
            for device in lab.devices.values()
            if "screen" in device.capabilities
            for size in SIZES.values()
        }

    def of(self, device: str, size: str) -> Feed | None:
        """Return the feed of *device* in *size*, None if the device has no screen or there is no such size."""
        return self._feeds.get((device, size))

    def only(self, lab: LabConfig) -> Feeds:
        """Return those of *lab*."""
        part = copy.copy(self)
        vars(part).update(_feeds={of: feed for of, feed in self._feeds.items() if of[0] in lab.devices})
        return part

    def close(self) -> None:
        """Fetch no more."""
        for feed in self._feeds.values():
            feed.close()
