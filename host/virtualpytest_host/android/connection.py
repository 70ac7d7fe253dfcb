"""One connection to an Android device, for one user at a time: commands, bytes, files.

It connects when it is first used, and again after any failure; what was sent is never sent twice.
"""

from __future__ import annotations

import contextlib
import io
import secrets
import shlex
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from stat import S_ISDIR
from typing import Any, TypeVar

from adb_shell import exceptions
from adb_shell.adb_device import AdbDevice, _AdbIOManager
from adb_shell.auth.sign_cryptography import CryptographySigner
from adb_shell.constants import CNXN

from pytest_virtualpytest.answers import Entry, Output
from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host.android import key
from virtualpytest_host.android.address import Address

Value = TypeVar("Value")

_ASKED = "it does not know the key {key}: allow it on the device's screen, or name another by the setting `key`"
_PIECE = struct.Struct("<BI")
_OUT, _ERR, _EXIT = 1, 2, 3  # what a piece of shell_v2 is
_WRONG = (
    exceptions.AdbConnectionError, exceptions.DeviceAuthError, exceptions.InvalidChecksumError,
    exceptions.InvalidCommandError, exceptions.InvalidResponseError, KeyError, struct.error,
)  # fmt: skip
_LATE = (exceptions.AdbTimeoutError, exceptions.TcpTimeoutException, TimeoutError)
_REFUSED = (exceptions.AdbCommandFailureException, exceptions.PushFailedError)
_ENDLESS = {"transport_timeout_s": 1e9, "read_timeout_s": 1e9}


class _Greeted(_AdbIOManager):  # type: ignore[misc]  # adb-shell has no annotations
    """Keeps what the device says of itself, which adb-shell drops."""

    banner = b""

    def _read_expected_packet_from_device(self, expected: Any, info: Any) -> Any:
        packet = super()._read_expected_packet_from_device(expected, info)
        if packet[0] == CNXN:
            self.banner = packet[3]
        return packet


class Connection:
    """A connection to the device at *address*, by the key in the file *key*; *timeout* seconds for an answer."""

    def __init__(self, address: Address, key: Path, timeout: float) -> None:
        self._address, self._key, self.timeout = address, key, timeout
        self._device: Any = None
        self._transport: Any = None
        self._asked = False

    def __str__(self) -> str:
        return str(self._address)

    def close(self) -> None:
        """Hang up."""
        if self._device is not None:
            device, self._device = self._device, None
            with contextlib.suppress(OSError):
                device.close()

    def run(self, command: str | Sequence[str], seconds: float | None = None) -> Output:
        """Run a line of the device's shell, or a program with arguments that reach it as they are."""
        line = command if isinstance(command, str) else shlex.join(command)
        return self._doing(f"{line.split()[0] if line.split() else 'nothing'!r}", seconds, lambda: self._run(line))

    def printed(self, line: str) -> bytes:
        """Return what *line* prints, untouched."""
        return self._doing(repr(line), None, lambda: bytes(self._device.exec_out(line, decode=False, **self._late())))

    def stream(self, line: str) -> Iterator[bytes]:
        """Yield what *line* prints, as it comes, however long it goes on."""
        pieces = self._doing(repr(line), None, lambda: self._device.streaming_shell(line, decode=False, **_ENDLESS))
        with self._told(repr(line), self.timeout):
            self._transport.deadline = float("inf")
            yield from map(bytes, pieces)

    def hang_up(self) -> None:
        """End `stream` from another thread."""
        self._transport.hang_up()

    def quiet(self, seconds: float) -> bool:
        """Tell whether nothing comes within *seconds*."""
        return not self._transport.readable(seconds)

    def push(self, content: bytes, path: str, seconds: float) -> None:
        """Write *content* to *path*."""
        self._doing(path, seconds, lambda: self._device.push(io.BytesIO(content), path, **self._late()))

    def pull(self, path: str, seconds: float) -> bytes:
        """Return what is in the file *path*."""

        def pull() -> bytes:
            content = io.BytesIO()
            self._device.pull(path, content, **self._late())
            return content.getvalue()

        return self._doing(path, seconds, pull)

    def entries(self, path: str) -> list[Entry]:
        """Return what is in the folder *path*."""
        mode = self._doing(path, None, lambda: int(self._device.stat(path, **self._late())[0]))
        if not S_ISDIR(mode):
            raise DeviceError(f"{self}: {path}: {'no folder' if mode else 'no such folder'}")
        found = self._doing(path, None, lambda: list(self._device.list(path, **self._late())))
        entries = [
            Entry(bytes(one.filename).decode(errors="surrogateescape"), one.size, float(one.mtime), S_ISDIR(one.mode))
            for one in found
        ]
        return sorted((one for one in entries if one.name not in {".", ".."}), key=lambda one: one.name)

    def reboot(self) -> None:
        """Have the device start anew."""
        self._doing("reboot", None, lambda: self._device.reboot(**self._late()))
        self.close()

    def _run(self, line: str) -> Output:
        banner = self._device._io_manager.banner  # noqa: SLF001  # ours, see above
        if b"shell_v2" in banner:
            raw, service = line.encode(errors="surrogateescape"), self._device._service  # noqa: SLF001  # no public one
            return _parted(service(b"shell,v2,raw", raw, decode=False, **self._late()))
        mark = secrets.token_hex(8)
        said = self._device.exec_out(f"sh -c {shlex.quote(line)}; echo {mark}$?", decode=False, **self._late())
        output, _, status = said.rpartition(mark.encode())
        return Output(int(status), _text(output))

    def _late(self) -> dict[str, float]:
        left = max(0.001, self._transport.deadline - time.monotonic())
        return {"transport_timeout_s": left, "read_timeout_s": left}

    def _doing(self, what: str, seconds: float | None, action: Callable[[], Value]) -> Value:
        """Do *action* within *seconds*, connected."""
        limit = self.timeout if seconds is None else seconds
        if self._device is None or not self._transport.alive():
            self._connect()
        with self._told(what, limit):
            self._transport.deadline = time.monotonic() + limit
            return action()

    def _connect(self) -> None:
        self.close()
        self._asked = False
        with self._told("connecting", self.timeout):
            self._transport = self._address.transport()
            self._device = AdbDevice(self._transport)
            self._device._io_manager = _Greeted(self._transport)  # noqa: SLF001  # the one way to the banner
            self._transport.deadline = time.monotonic() + self.timeout
            signer = CryptographySigner(str(key.present(self._key)))
            self._device.connect([signer], auth_timeout_s=self.timeout, auth_callback=self._ask, **self._late())

    def _ask(self, _device: object) -> None:
        self._asked = True

    @contextlib.contextmanager
    def _told(self, what: str, limit: float) -> Iterator[None]:
        """Hang up after any failure, and tell of it in one line."""
        with contextlib.ExitStack() as unless_done:
            unless_done.callback(self.close)
            with self._worded(what, limit):
                yield
            unless_done.pop_all()

    @contextlib.contextmanager
    def _worded(self, what: str, limit: float) -> Iterator[None]:
        try:
            yield
        except _REFUSED as error:
            raise DeviceError(f"{self}: {what}: {_reason(error)}") from error
        except _LATE as error:
            asked = f"{_ASKED.format(key=self._key)}; " if self._asked and what == "connecting" else ""
            raise DeviceError(f"{self}: {asked}no answer to {what} within {limit:g} s; is the device well?") from error
        except (*_WRONG, OSError, ValueError) as error:
            raise DeviceError(f"{self}: {_reason(error)} at {what}; is it on, and ADB allowed?") from error


def _reason(error: BaseException) -> str:
    first = error.args[0] if error.args else ""
    if isinstance(first, (bytes, bytearray)):  # adb-shell hands over what the device said, as it came
        return bytes(first).decode(errors="backslashreplace")
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).removeprefix("Command failed: ").strip()


def _parted(said: bytes) -> Output:
    """Return what the pieces of shell_v2 come to."""
    parts, status, place = {_OUT: bytearray(), _ERR: bytearray()}, -1, 0
    while place + _PIECE.size <= len(said):
        kind, length = _PIECE.unpack_from(said, place)
        piece = said[place + _PIECE.size : place + _PIECE.size + length]
        place += _PIECE.size + length
        if kind == _EXIT:
            status = piece[0]
        elif kind in parts:
            parts[kind] += piece
    if status < 0:
        raise ValueError("the command ended without a status")
    return Output(status, _text(parts[_OUT]), _text(parts[_ERR]))


def _text(data: bytes | bytearray) -> str:
    return bytes(data).decode(errors="backslashreplace").replace("\r\n", "\n")
