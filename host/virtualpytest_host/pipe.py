"""Messages over the socket between an agent and a device's process: a length, then the packed message."""

from __future__ import annotations

import contextlib
import socket
import struct

from pytest_virtualpytest.wire import Message, pack, unpack

LEAVING = -1  # the number of a message by which a device's process says that it takes no more calls
AT_REST = -2  # of one by which its agent says that nobody holds the device any more

_LENGTH = struct.Struct("!Q")
_STALL = struct.pack("ll", 5, 0)  # seconds that a send may wait for the other end to read


class Pipe:
    """One end of the socket; one thread sends at a time, one thread receives."""

    def __init__(self, end: socket.socket) -> None:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _STALL)
        self._socket = end
        self._file = end.makefile("rb")

    def send(self, message: Message) -> None:
        """Send *message*; OSError if the other end is gone or does not read."""
        data = pack(message)
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

    def finish(self) -> None:
        """Let the other end see the end of file."""
        with contextlib.suppress(OSError):  # the other end is gone already
            self._socket.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Give the socket back."""
        self._file.close()
        self._socket.close()
