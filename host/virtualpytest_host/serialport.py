"""A serial port that is read all the time, and opened again when it comes back."""

from __future__ import annotations

import contextlib
import errno
import os
import termios
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host import needs
from virtualpytest_host.transcript import Transcript

_POLL = 0.5  # seconds after which a quiet port is looked at for being closed
_AGAIN = 0.2  # seconds between two attempts to open a port that is gone
_TAKEOVER = 3.0  # seconds for the device's last holder to let go of the port
_MOST = 1 << 16
_BUSY = {errno.EAGAIN, errno.EBUSY}
_ADVICE = {
    errno.ENOENT: "is it plugged in?", errno.EACCES: "add this account to the group dialout",
    errno.EAGAIN: "another program has it open", errno.EBUSY: "another program has it open",
    errno.ECONNREFUSED: "is the terminal server on, and the port right?",
}  # fmt: skip


@dataclass(frozen=True)
class Setup:
    """How a port is set up; *timeout* is that of writing, in seconds."""

    baudrate: int
    bytesize: int
    parity: str
    stopbits: int
    flow_control: str
    timeout: float

    def options(self) -> dict[str, Any]:
        """Return it in pyserial's words."""
        return {
            "baudrate": self.baudrate, "bytesize": self.bytesize, "parity": self.parity[0].upper(),
            "stopbits": self.stopbits, "rtscts": self.flow_control == "hardware",
            "xonxoff": self.flow_control == "software", "timeout": _POLL, "write_timeout": self.timeout,
            "exclusive": True,
        }  # fmt: skip


class Port:
    """The port at *name*; what comes goes to *transcript*."""

    def __init__(self, name: str, setup: Setup, transcript: Transcript) -> None:
        self._name, self._setup, self._transcript = name, setup, transcript
        self._serial: Any = None
        self._lost = ""  # why, while it is
        self._lock = threading.Lock()  # held to write, to open and to close it
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._read, name=f"reads {self}", daemon=True)

    def __str__(self) -> str:
        """Return its name without the account that it may carry."""
        parts = urlsplit(self._name)
        return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}" if parts.netloc else self._name

    def open(self) -> None:
        """Open it and begin to read; wait for its last holder to let go of it."""
        end = time.monotonic() + _TAKEOVER
        while self._serial is None:
            try:
                self._connect()
            except DeviceError as error:
                if getattr(error.__cause__, "errno", None) not in _BUSY or time.monotonic() > end:
                    raise
                self._closed.wait(0.02)
        self._thread.start()

    def close(self) -> None:
        """Stop reading and give it back."""
        self._closed.set()
        with contextlib.suppress(AttributeError, OSError):  # not every sort of port can be interrupted
            self._serial.cancel_read()
        self._thread.join()
        with self._lock:
            self._drop()

    def check(self) -> None:
        """Raise DeviceError if it is gone."""
        if self._lost:
            raise DeviceError(f"{self}: {self._lost}; is it plugged in, and the device on?")

    def write(self, data: bytes) -> None:
        """Send *data*."""
        import serial

        with self._lock:
            self._connect()
            try:
                self._serial.write(data)
            except serial.SerialTimeoutException as error:
                late = f"it did not take {len(data)} bytes within {self._setup.timeout:g} s"
                raise DeviceError(f"{self}: {late}; check flow_control") from error
            except (OSError, termios.error) as error:
                raise DeviceError(f"{self}: {_reason(error)} while writing; is it plugged in?") from error

    def _connect(self) -> None:
        """Open it unless it is open; the lock is held, or nobody else knows of it yet."""
        if self._serial is not None:
            return
        with needs.host_extra("the serial controller"):
            import serial
        try:
            self._serial = serial.serial_for_url(self._name, **self._setup.options())
        except (OSError, ValueError, termios.error) as error:
            advice = _ADVICE.get(getattr(error, "errno", None) or 0, "is it a serial port?")
            raise DeviceError(f"{self}: {_reason(error)}; {advice}") from error
        if self._lost:
            self._lost = ""
            self._transcript.note(f"{self} is back", time.monotonic())

    def _read(self) -> None:
        while not self._closed.is_set():
            try:
                data = self._serial.read(1)
                data += self._serial.read(min(_MOST, self._serial.in_waiting)) if data else b""
            except (OSError, termios.error) as error:
                self._lose(_reason(error))
                self._regain()
            else:
                if data:
                    self._transcript.add(data, time.monotonic())

    def _lose(self, reason: str) -> None:
        with self._lock:
            self._drop()
            self._lost = f"it is gone ({reason})"
        self._transcript.note(f"{self} is gone: {reason}", time.monotonic())

    def _regain(self) -> None:
        while self._serial is None and not self._closed.wait(_AGAIN):
            with self._lock, contextlib.suppress(DeviceError):  # told when it is used
                self._connect()

    def _drop(self) -> None:
        if self._serial is not None:
            port, self._serial = self._serial, None
            with contextlib.suppress(OSError):
                port.close()


def _reason(error: BaseException) -> str:
    number = getattr(error, "errno", None)
    text = os.strerror(number) if number else str(error) or type(error).__name__
    return "the connection was closed" if "returned no data" in text or "socket disconnected" in text else text
