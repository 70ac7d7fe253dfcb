"""LIRC's daemon: one question at a time, whoever asks.

It sends with the emitters that were chosen last, by whichever client, and repeats a key until it is told to stop, even
if the client that began has ended. So each turn is taken under a lock of this machine; what is left of a turn that
was cut off stands in the lock's file, and the next one mends it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import struct
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host import lockfile, state

SOCKET = "/run/lirc/lircd"
_PATIENCE = 8.0  # seconds for others to end their turns
_CREDENTIALS = struct.Struct("3i")  # process, user and group at the other end of a socket: see unix(7)


class Lircd:
    """The daemon at *address*, the path of its socket or ``host:port``; it must answer within *timeout* seconds."""

    def __init__(self, address: str, timeout: float) -> None:
        self._address, self._timeout = address, timeout
        host, _, port = address.rpartition(":")
        self._network = (host.strip("[]"), int(port)) if port.isdigit() and host and "/" not in host else None

    def __str__(self) -> str:
        return self._address

    @property
    def place(self) -> str:
        """Its address under one name, however it is called."""
        return self._address if self._network else str(Path(self._address).resolve())

    def ask(self, *words: str) -> list[str]:
        """Return the daemon's answer to a command, line by line."""
        command = " ".join(words)
        with self._told(command), self._connected() as connection:
            connection.sendall(f"{command}\n".encode())
            lines = self._lines(connection, time.monotonic() + self._timeout)
            while True:
                done, said = _packet(lines)
                if done is not None:
                    break
        if not done:
            raise DeviceError(f"{self}: {command}: {' '.join(said)}")
        return said

    @contextlib.contextmanager
    def turn(self, emitters: Sequence[int]) -> Iterator[Turn]:
        """Keep every other process from sending while the block runs; what it sends goes to *emitters*."""
        with self._locked() as file:
            turn = Turn(self, file, self._identity())
            turn.mend()
            turn.choose(emitters)
            yield turn

    @contextlib.contextmanager
    def _locked(self) -> Iterator[IO[bytes]]:
        place = state.folder("lircd") / quote(self.place, safe="")
        end = time.monotonic() + _PATIENCE
        with lockfile.opened(place) as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    if time.monotonic() > end:
                        raise DeviceError(self._taken(lockfile.read(file))) from None
                    time.sleep(0.005)
                else:
                    break
            yield file

    def _taken(self, record: dict[str, object]) -> str:
        held = record.get("held")
        what = f"holds {' '.join(map(str, held))}" if isinstance(held, list) else "sends"
        return f"{self}: process {record.get('process')} {what} for over {_PATIENCE:g} s; one can send at a time"

    def _connected(self) -> socket.socket:
        if self._network:
            return socket.create_connection(self._network, self._timeout)
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(self._timeout)
        try:
            connection.connect(self._address)
        except OSError:
            connection.close()
            raise
        return connection

    def _identity(self) -> str:
        """Return what tells this daemon from the one that was here before it."""
        with self._told("connecting"), self._connected() as connection:
            if connection.family != socket.AF_UNIX:
                return state.boot()
            told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
        return f"{state.boot()} {_CREDENTIALS.unpack(told)[0]}"

    def _lines(self, connection: socket.socket, end: float) -> Iterator[str]:
        rest = b""
        while True:
            *lines, rest = rest.split(b"\n")
            yield from (line.decode(errors="backslashreplace").strip() for line in lines)
            connection.settimeout(max(0.001, end - time.monotonic()))
            data = connection.recv(1 << 16)
            if not data:
                raise ConnectionError("it ended in the middle of its answer")
            rest += data

    @contextlib.contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except TimeoutError as error:
            raise DeviceError(f"{self}: no answer to {what} within {self._timeout:g} s; is lircd well?") from error
        except OSError as error:
            raise DeviceError(f"{self}: {error.strerror or error}; is lircd running, and this its socket?") from error
        except ValueError as error:
            raise DeviceError(f"{self}: {error}; is this lircd's socket?") from error


class Turn:
    """The time in which nobody else sends; *file* is the lock's, *daemon* the identity of who listens."""

    def __init__(self, lircd: Lircd, file: IO[bytes], daemon: str) -> None:
        self._lircd, self._file = lircd, file
        record = lockfile.read(file)
        self._record: dict[str, Any] = record if record.get("daemon") == daemon else {"daemon": daemon}
        self._record["process"] = os.getpid()
        lockfile.write(file, self._record)

    def mend(self) -> None:
        """Let go of the key that a process held when it was killed."""
        if held := self._record.get("held"):
            with contextlib.suppress(DeviceError):  # it ended by itself
                self._lircd.ask("SEND_STOP", *held)
            self._note(held=None)

    def choose(self, emitters: Sequence[int]) -> None:
        """Send with *emitters* from here on, 1 the first; DeviceError without any where others have chosen theirs."""
        if not emitters:
            if chosen := self._record.get("emitters"):
                before = f"emitter {', '.join(map(str, chosen))} was chosen before, for another device"
                raise DeviceError(f"{self._lircd}: {before}; say which are this one's: emitters = [...]")
            return
        self._lircd.ask("SET_TRANSMITTERS", str(sum(1 << (number - 1) for number in set(emitters))))
        self._note(emitters=list(emitters))

    def once(self, codes: str, key: str, repeats: int) -> None:
        """Send *key* of the remote *codes*, and again *repeats* times."""
        self._lircd.ask("SEND_ONCE", codes, key, *([str(repeats)] if repeats else []))

    @contextlib.contextmanager
    def held(self, codes: str, key: str) -> Iterator[None]:
        """Repeat *key* while the block runs, whatever happens in it."""
        self._note(held=[codes, key])
        self._lircd.ask("SEND_START", codes, key)
        try:
            yield
        finally:
            self._lircd.ask("SEND_STOP", codes, key)
            self._note(held=None)

    def _note(self, **values: object) -> None:
        self._record.update(values)
        lockfile.write(self._file, self._record)


def _packet(lines: Iterator[str]) -> tuple[bool | None, list[str]]:
    """Return whether a command succeeded, and what was said; None of what is not an answer."""
    if next(lines) != "BEGIN":  # a key that the daemon has received
        return None, []
    if next(lines) == "SIGHUP":  # it has read its configuration anew
        next(lines)
        return None, []
    result, line, said = next(lines), next(lines), list[str]()
    if line == "DATA":
        said = [next(lines) for _ in range(int(next(lines)))]
        line = next(lines)
    if result not in {"SUCCESS", "ERROR"} or line != "END":
        raise ValueError(f"an answer of {result!r} and {line!r}")
    return result == "SUCCESS", said
