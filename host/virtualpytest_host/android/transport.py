"""The TCP side of adb-shell, mended: small packets go at once, all bytes go, an end is told, a deadline holds."""

from __future__ import annotations

import contextlib
import select
import socket
import time

from adb_shell.exceptions import TcpTimeoutException
from adb_shell.transport.tcp_transport import TcpTransport

_FOREVER = float("inf")


class Transport(TcpTransport):  # type: ignore[misc]  # adb-shell has no annotations
    """A socket to a device; nothing waits beyond *deadline*."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self.deadline = _FOREVER

    def connect(self, transport_timeout_s: float | None) -> None:
        """Connect."""
        super().connect(transport_timeout_s)
        self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def bulk_read(self, numbytes: int, transport_timeout_s: float | None) -> bytes:
        """Return up to *numbytes*; ConnectionError once the device has hung up."""
        if not self.readable(self._left(transport_timeout_s)):
            raise TcpTimeoutException("nothing came")
        data: bytes = self._connection.recv(numbytes)
        if not data:
            raise ConnectionError("it hung up")
        return data

    def bulk_write(self, data: bytes, transport_timeout_s: float | None) -> int:
        """Send all of *data*."""
        view, sent = memoryview(data), 0
        while sent < len(view):
            _, writable, _ = select.select([], [self._connection], [], self._left(transport_timeout_s))
            if not writable:
                raise TcpTimeoutException("nothing was taken")
            sent += self._connection.send(view[sent:])
        return sent

    def hang_up(self) -> None:
        """End the connection, also for a thread that waits for what it brings."""
        connection = self._connection  # none, once it was closed
        with contextlib.suppress(OSError):
            if connection is not None:
                connection.shutdown(socket.SHUT_RDWR)

    def readable(self, seconds: float) -> bool:
        """Tell whether something, or the end, comes within *seconds*."""
        return bool(select.select([self._connection], [], [], seconds)[0])

    def alive(self) -> bool:
        """Tell whether the connection is open at this end and at the other."""
        if self._connection is None:
            return False
        try:
            return not self.readable(0) or bool(self._connection.recv(1, socket.MSG_PEEK))
        except OSError:
            return False

    def _left(self, seconds: float | None) -> float:
        left = self.deadline - time.monotonic()
        return max(0.0, min(left, _FOREVER if seconds is None else seconds, 3600.0))
