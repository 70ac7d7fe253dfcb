"""A limit to how long a server may keep who waits for its answer; it costs nothing while the server answers."""

from __future__ import annotations

import contextlib
import math
import socket
import threading
import time
from collections.abc import Iterator

_LOOKS = 8  # within the shortest time that it may take


class Watchdog:
    """Cuts *connection* when what is done over it takes too long: whoever waits then sees its end.

    What is limited to *seconds* or more is cut late by an eighth of that at most.
    """

    def __init__(self, connection: socket.socket, seconds: float) -> None:
        self._connection, self._pause = connection, seconds / _LOOKS
        self._due, self.cut = math.inf, False
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    @contextlib.contextmanager
    def limits(self, seconds: float) -> Iterator[None]:
        """Let the block take *seconds*."""
        self._due = time.monotonic() + seconds
        try:
            yield
        finally:
            self._due = math.inf

    def close(self) -> None:
        """Watch no more."""
        self._closed.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._closed.wait(self._pause):
            if time.monotonic() > self._due:
                self.cut = True
                with contextlib.suppress(OSError):
                    self._connection.shutdown(socket.SHUT_RDWR)
                return
