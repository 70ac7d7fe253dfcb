"""The box's ports: on loopback, a thread for each connection, and on command nobody answers."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any


class Port:
    """A port at which *serve* has each connection for itself; the connection is closed when it returns."""

    def __init__(self, serve: Callable[[socket.socket, Any], object]) -> None:
        self._serve = serve
        self._open: set[socket.socket] = set()
        self._lock, self._turning = threading.Lock(), threading.Lock()
        self.number = 0
        self._listener: socket.socket | None = self._listen()

    def refuse(self, yes: bool) -> None:
        """Refuse connections and end those that are open, or accept them at the same port again."""
        with self._turning:
            if yes and self._listener:
                with contextlib.suppress(OSError):
                    self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
                self._listener.close()
                self._listener = None
                self.hang_up()
            elif not yes and not self._listener:
                with contextlib.suppress(OSError):  # somebody's passing use of the number: the next frame tries again
                    self._listener = self._listen()

    def hang_up(self) -> None:
        """End every connection."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def _listen(self) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", self.number))
        self.number = listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()
        return listener

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, address = listener.accept()
            except OSError:
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._attend, args=(connection, address), daemon=True).start()

    def _attend(self, connection: socket.socket, address: Any) -> None:
        with connection:
            with self._lock:
                self._open.add(connection)
            try:
                with contextlib.suppress(OSError):  # clients hang up as they please
                    self._serve(connection, address)
            finally:
                with self._lock:
                    self._open.discard(connection)
