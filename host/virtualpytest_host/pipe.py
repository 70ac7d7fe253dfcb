"""Messages over the socket between an agent and a device's process: a length, then the packed message."""

from __future__ import annotations

import socket
import struct
import threading

from pytest_virtualpytest.wire import Message, pack, unpack

_LENGTH = struct.Struct("!Q")


class Pipe:
    """One end of the socket; any thread may send, one thread receives."""

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._file = end.makefile("rb")
        self._lock = threading.Lock()

    def send(self, message: Message) -> None:
        """Send *message*; OSError if the other end is gone."""
        data = pack(message)
        with self._lock:
            self._socket.sendall(_LENGTH.pack(len(data)) + data)

    def receive(self) -> Message | None:
        """Return the next message, or None at the end."""
        try:
            head = self._file.read(_LENGTH.size)
            if len(head) < _LENGTH.size:
                return None
            (size,) = _LENGTH.unpack(head)
            data = self._file.read(size)
        except OSError:
            return None
        return unpack(data) if len(data) == size else None

    def close(self) -> None:
        """Close this end."""
        self._file.close()
        self._socket.close()
