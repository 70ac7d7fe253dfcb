"""A serial port: the device's console, what it writes as its log, and what is typed there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal
from urllib.parse import urlsplit

from pytest_virtualpytest.exceptions import DeviceError
from pytest_virtualpytest.models import Line
from virtualpytest_host.following import expected
from virtualpytest_host.serialport import Port, Setup
from virtualpytest_host.transcript import Transcript


@dataclass
class Serial:
    """The console at *port*: ``/dev/serial/by-id/…``, or ``rfc2217://host:port`` and ``socket://host:port``.

    It is read as long as the device is held, and opened again when it comes back. What cannot be written within
    *timeout* seconds failed.
    """

    port: str
    baudrate: int = 115200
    bytesize: Literal[5, 6, 7, 8] = 8
    parity: Literal["none", "even", "odd"] = "none"
    stopbits: Literal[1, 2] = 1
    flow_control: Literal["none", "hardware", "software"] = "none"
    timeout: float = 5.0
    gives: ClassVar[Sequence[str]] = ("console", "logs")
    listens: ClassVar[bool] = True

    def resources(self) -> Sequence[str]:
        """Return the port that this console holds, under one name however it is called."""
        address = urlsplit(self.port)
        return [address.netloc or str(Path(self.port).resolve())]

    def open(self) -> None:
        """Begin to read."""
        if "_port" not in self.__dict__:
            setup = Setup(self.baudrate, self.bytesize, self.parity, self.stopbits, self.flow_control, self.timeout)
            transcript = Transcript()
            port = Port(self.port, setup, transcript)
            port.open()
            self._port, self._transcript = port, transcript

    def close(self) -> None:
        """Stop reading, and give the port back."""
        if "_port" in self.__dict__:
            self.__dict__.pop("_port").close()

    def since(self, moment: float, /) -> str:
        """Return the lines from *moment* of this host's CLOCK_MONOTONIC on, each with its time on it."""
        self._opened()
        return self._transcript.since(moment)

    def write(self, data: bytes, /) -> None:
        """Send *data* as it is."""
        self._opened().write(data)

    def expect(self, pattern: re.Pattern[str], since: float | Line, seconds: float, /) -> Line | None:
        """Return the line in which *pattern* came first, None if not within *seconds*; DeviceError without a port."""
        port = self._opened()
        found = expected(self._transcript, pattern, since, seconds)
        if found is None:
            port.check()
        return found

    def _opened(self) -> Port:
        if "_port" not in self.__dict__:
            raise DeviceError(f"{self.port}: it is not open; open it first")
        return self._port
