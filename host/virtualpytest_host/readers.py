"""Those who read a ring: each connection is one reader; when the last has gone, a countdown begins."""

from __future__ import annotations

import contextlib
import fcntl
import os
import selectors
import socket
import threading
import time
from pathlib import Path
from typing import NoReturn

from virtualpytest_host import recording


class Readers:
    """Tells each reader of every packet with one byte, and ends this process *linger* seconds after the last one."""

    def __init__(self, place: Path, room: Path, linger: float) -> None:
        self._place, self._room, self._linger = place, room, linger
        path = room / recording.SOCKET
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        recording.share(path, place)
        self._listener.listen(64)
        self._connections: set[socket.socket] = set()
        self._left = time.monotonic()
        threading.Thread(target=self._watch, daemon=True).start()

    def tell(self) -> None:
        """Wake every reader."""
        for connection in list(self._connections):
            with contextlib.suppress(OSError):  # full: bytes enough to wake up; closed: _watch forgets it
                connection.send(b".")

    def _watch(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._listener, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select(self._patience()):
                    self._serve(selector, key.fileobj)
                if not self._connections and time.monotonic() - self._left >= self._linger:
                    self._end(selector)

    def _patience(self) -> float | None:
        """Return how long to wait for a reader; None while there is one."""
        return None if self._connections else max(0.01, self._left + self._linger - time.monotonic())

    def _serve(self, selector: selectors.BaseSelector, ready: object) -> None:
        assert isinstance(ready, socket.socket)
        if ready is self._listener:
            connection, _ = self._listener.accept()
            connection.setblocking(False)
            selector.register(connection, selectors.EVENT_READ)
            self._connections.add(connection)
        elif not _spoke(ready):
            selector.unregister(ready)
            self._connections.discard(ready)
            ready.close()
            self._left = time.monotonic()

    def _end(self, selector: selectors.BaseSelector) -> None:
        try:
            file = (self._place / "start.lock").open("a")
        except FileNotFoundError:  # its folder is gone: nobody will come
            self._quit()
        with file as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # a reader is just coming
                return
            if selector.select(0):  # one has just come
                return
            self._quit()

    def _quit(self) -> NoReturn:
        recording.forget(self._room)
        os._exit(0)


def _spoke(connection: socket.socket) -> bool:
    try:
        return bool(connection.recv(64))
    except ConnectionError:
        return False
