"""A device in use: while a call acts on it, no other process on this machine does.

A lease ends in the moment in which its agent is killed. The device's process is killed then as well, but the kernel
frees the lease's lock first: for that moment it may still be pressing a key.
"""

from __future__ import annotations

import contextlib
import fcntl
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import IO
from urllib.parse import quote

from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host import lockfile, state

_SECONDS = 5.0  # for a process that is being killed to be gone


class Use:
    """The use of *resources*, which are asked for once; calls of one process may overlap."""

    def __init__(self, resources: Callable[[], Sequence[str]]) -> None:
        self._resources = resources
        self._files: dict[str, IO[bytes]] | None = None
        self._lock = threading.Lock()
        self._calls = 0

    @contextlib.contextmanager
    def made(self) -> Iterator[None]:
        """Keep other processes out while the block runs; DeviceError where one does not end its own use in time."""
        with self._lock:
            if not self._calls:
                self._begin()
            self._calls += 1
        try:
            yield
        finally:
            with self._lock:
                self._calls -= 1
                if not self._calls:
                    self._end()

    def close(self) -> None:
        """Give the files back."""
        for file in (self._files or {}).values():
            file.close()
        self._files = None

    def _begin(self) -> None:
        if self._files is None:
            folder = state.folder("uses")
            names = sorted(self._resources())
            self._files = {name: lockfile.opened(folder / quote(name, safe="")) for name in names}
        end = time.monotonic() + _SECONDS
        for name, file in self._files.items():
            while not _locked(file):
                if time.monotonic() > end:
                    self._end()
                    raise DeviceError(f"{name} is still in use by a process of its last holder, which does not end")
                time.sleep(0.005)

    def _end(self) -> None:
        for file in (self._files or {}).values():
            fcntl.flock(file, fcntl.LOCK_UN)


def _locked(file: IO[bytes]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
