"""Tickets: who waits for what, in the order in which they began to wait.

    locks/RESOURCE@queue/01764039603400000000-9f3ac01b    {"user": "ben", "run": "4f6b…", "test": "test_zap", …}

A file's name is its waiter's place: the nanosecond in which it began to wait, by its own clock, and a random
word. The waiter gives one name to all its tickets on all hosts, so that the order is the same everywhere: two
that wait for several devices cannot wait for each other. The file is locked by the waiter's agent, and dies with
it: whoever finds one without a lock removes it. Its modification time is the waiter's last heartbeat.
"""

from __future__ import annotations

import fcntl
import os
import re
import stat
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from pytest_virtualpytest.exceptions import LeaseError
from virtualpytest_host import lockfile, state

_NAME = re.compile(r"[0-9]{20}-[0-9a-f]{8}")
_SILENT = 12.0  # seconds without a heartbeat after which a waiter's process is stopped, and does not count


class Ticket:
    """The place of *waiter* in the lines that it has joined; *name* is the same on every host."""

    def __init__(self, name: str, waiter: Mapping[str, Any]) -> None:
        if not _NAME.fullmatch(name):
            raise LeaseError(f"{name!r} is no name of a ticket: 20 digits, a hyphen and 8 hexadecimal digits are")
        self.name = name
        self._waiter = dict(waiter)
        self._files: dict[str, tuple[Path, IO[bytes]]] = {}

    def join(self, resources: Iterable[str]) -> None:
        """Stand in the line of each of *resources*."""
        for resource in resources:
            known = self._files.get(resource)
            if known is None or not lockfile.in_place(*known):  # somebody may have tidied up
                if known is not None:
                    known[1].close()
                self._files[resource] = self._placed(_line(resource) / self.name)

    def beat(self) -> None:
        """Note that the waiter lives."""
        for _, file in self._files.values():
            os.utime(file.fileno())

    def withdraw(self) -> None:
        """Leave every line."""
        for path, file in self._files.values():
            path.unlink(missing_ok=True)
            file.close()
        self._files.clear()

    def _placed(self, path: Path) -> tuple[Path, IO[bytes]]:
        draft, file = lockfile.new(path.parent)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # before it has its name: nobody sees it without its lock
        lockfile.write(file, self._waiter)
        draft.rename(path)
        return path, file


def ahead(resources: Iterable[str], name: str | None = None) -> list[dict[str, Any]]:
    """Return who waits for one of *resources* and came before the ticket *name*; before None came everybody."""
    found: dict[str, dict[str, Any]] = {}
    locks = state.folder("locks")
    for resource in resources:
        folder = _folder(locks, resource)
        for one in _names(folder):
            if one not in found and (name is None or one < name):
                waiter = _waiting(folder / one)
                found |= {} if waiter is None else {one: waiter}
    return [found[one] for one in sorted(found)]


def _waiting(path: Path) -> dict[str, Any] | None:
    """Return whose ticket is at *path*, or None, and remove it, if its waiter has gone."""
    try:
        file = path.open("rb", buffering=0)
    except FileNotFoundError:
        return None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: two who look do not take each other for it
        except BlockingIOError:
            silent = time.time() - os.fstat(file.fileno()).st_mtime > _SILENT
            return None if silent else lockfile.read(file)
        path.unlink(missing_ok=True)
        return None


def _names(folder: Path) -> list[str]:
    try:
        names = os.listdir(folder)  # noqa: PTH208  # names, not paths: this is done at each lease
    except FileNotFoundError:  # nobody ever waited
        return []
    except PermissionError as error:
        raise LeaseError(f"{folder} cannot be read by this account; see `ls -ld` of it") from error
    return [name for name in names if not name.startswith(".")]  # that one is just being made


def _line(resource: str) -> Path:
    """Return the folder of the line for *resource*, made if need be, open to whom the locks are."""
    folder = _folder(state.folder("locks"), resource)
    if not folder.is_dir():
        draft = Path(tempfile.mkdtemp(prefix=".", dir=folder.parent))
        draft.chmod(stat.S_IMODE(folder.parent.stat().st_mode) & 0o2770)
        try:
            draft.rename(folder)
        except OSError:  # another was faster, and waits there already
            draft.rmdir()
    return folder


def _folder(locks: Path, resource: str) -> Path:
    return locks / f"{quote(resource, safe='')}@queue"  # no resource is quoted with an @
