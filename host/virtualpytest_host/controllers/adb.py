"""An Android phone, tablet or TV over ADB: keys, touch, elements, apps, shell, files, log, screen, power."""

from __future__ import annotations

import contextlib
import functools
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from pytest_virtualpytest.capabilities import Source
from virtualpytest_host import needs
from virtualpytest_host.android import address as addresses
from virtualpytest_host.android.hand import Hand
from virtualpytest_host.android.inside import Inside
from virtualpytest_host.android.programs import Programs
from virtualpytest_host.android.supply import Supply
from virtualpytest_host.controllers.video import Latency

if TYPE_CHECKING:
    from virtualpytest_host.android.connection import Connection
    from virtualpytest_host.following import Following

_KEY = Path("~/.android/adbkey")


@dataclass
class Adb(Hand, Programs, Inside, Supply):
    """The device at *address*, such as ``192.0.2.7``, ``phone:5555``, ``usb``, ``usb:SERIAL``.

    It knows us by *key*, which is made if it is missing; it asks on its screen the first time. What is not
    answered in *timeout* seconds failed; a reboot may take *boot_timeout*.
    """

    address: str
    key: Path = _KEY
    timeout: float = 10.0
    boot_timeout: float = 180.0
    latency: Latency | None = None
    gives: ClassVar[Sequence[str]] = (
        "remote", "touch", "ui", "apps", "shell", "files", "logs", "power", "screen",
    )  # fmt: skip

    def __post_init__(self) -> None:
        if isinstance(self.latency, Mapping):
            self.latency = Latency(**self.latency)

    def resources(self) -> Sequence[str]:
        """Return the address that this device has."""
        return [str(self._place)]

    def open(self) -> None:
        """Connect, so that the first key need not."""
        self.connection.run("true")

    def close(self) -> None:
        """Hang up."""
        if "connection" in self.__dict__:
            self.__dict__.pop("connection").close()

    def follow(self, command: str | Sequence[str], /) -> Following:
        """Begin *command* on a connection of its own, and read what it prints until it is closed, or ends."""
        from virtualpytest_host.following import Following

        own, line = self._connection(), command if isinstance(command, str) else shlex.join(command)
        own.run("true")  # so that what is wrong is said at once
        return Following(repr(line), _printed(own, line), own.hang_up)

    def stream(self) -> Source:
        """Return what the recorder shall open: the device's own recording of its screen."""
        late, error = (self.latency.ms / 1000, self.latency.error / 1000) if self.latency else (None, 0.0)
        return Source(f"adb://{self._place}", "mpegts", {"key": str(self._key)}, late, error)

    @functools.cached_property
    def connection(self) -> Connection:
        """The connection of this device's process."""
        return self._connection()

    def _connection(self) -> Connection:
        with needs.host_extra("the adb controller"):
            from virtualpytest_host.android.connection import Connection
        return Connection(self._place, self._key, self.timeout)

    @property
    def _key(self) -> Path:
        return Path(self.key).expanduser()

    @functools.cached_property
    def _place(self) -> addresses.Address:
        return addresses.parse(self.address)


def _printed(own: Connection, line: str) -> Iterator[bytes]:
    """Yield what *line* prints on its *own* connection, which is closed at the end."""
    with contextlib.closing(own):
        yield from own.stream(line)
