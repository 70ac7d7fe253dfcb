"""An amplifier that takes one line of text for each command, as many do: ``KEY MUTE``, ``POWER ON``, ``POWER?``."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pytest_virtualpytest.exceptions import DeviceError, UnknownName

_KEYS = ("VOLUME_UP", "VOLUME_DOWN", "MUTE", "UP", "DOWN", "OK")


@dataclass
class Amplifier:
    """The amplifier at *address*, such as ``192.0.2.9:4998``; it answers each line within *timeout* seconds."""

    address: str
    timeout: float = 2.0
    gives: ClassVar[Sequence[str]] = ("remote", "power")

    def resources(self) -> Sequence[str]:
        """Return the address that this amplifier holds."""
        return [self.address]

    def open(self) -> None:
        """Ask it something, so that a wrong address is told before a test."""
        self.status()

    def close(self) -> None:
        """Do nothing: each command is a connection of its own."""

    def press(self, key: str, /) -> None:
        """Press and release *key*."""
        if key not in _KEYS:
            raise UnknownName(f"{self.address}: unknown key {key!r}; keys: {', '.join(_KEYS)}")
        self._ask(f"KEY {key}")

    def on(self) -> None:
        """Switch on."""
        self._ask("POWER ON")

    def off(self) -> None:
        """Switch to standby."""
        self._ask("POWER OFF")

    def status(self) -> bool:
        """Tell whether it is on."""
        return self._ask("POWER?") == "ON"

    def _ask(self, line: str) -> str:
        host, _, port = self.address.rpartition(":")
        try:
            with socket.create_connection((host, int(port)), self.timeout) as connection:
                connection.sendall(f"{line}\n".encode())
                answer = connection.makefile(encoding="utf-8").readline().strip()
        except OSError as error:
            raise DeviceError(f"{self.address}: {error}; is the amplifier on the network?") from error
        if answer in ("", "ERROR"):
            raise DeviceError(f"{self.address}: {line!r} was answered {answer!r}")
        return answer
