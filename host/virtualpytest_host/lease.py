"""Exclusive holds: a flock on one file for each thing that a device is made of.

The file holds who has it, and a counter: the fencing token. The kernel gives the lock back when its
process ends, however it ends. Only a stopped process keeps its lock for ever: the file's modification
time is its client's last heartbeat, so that another agent can tell, and end it.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import stat
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from pytest_virtualpytest.exceptions import LeaseError
from virtualpytest_host import state

_STALE = 5.0  # seconds without a heartbeat, which comes every 3 s, after which a stopped agent is ended
_KILL_SECONDS = 1.0


@dataclass
class Lease:
    """A hold on several resources, proven by *token*."""

    token: int
    _files: list[tuple[Path, IO[bytes]]]

    def check(self, token: int | None) -> None:
        """Raise LeaseError unless *token* is this lease's and its lock files are still in place."""
        if token != self.token:
            raise LeaseError(f"the lease has passed to somebody else (token {token}, now {self.token})")
        for path, file in self._files:
            if not _same(path, file):
                raise LeaseError(f"the lock file {path} was removed or replaced; nobody may delete it while it is held")

    def beat(self) -> None:
        """Note that the client lives."""
        for _, file in self._files:
            os.utime(file.fileno())

    def release(self) -> None:
        """Give everything back."""
        for path, file in self._files:
            if _same(path, file):
                _write(file, {"token": self.token})
            file.close()
        self._files.clear()


def take(resources: Sequence[str], holder: Mapping[str, Any]) -> Lease:
    """Return a lease of all *resources*, or raise LeaseError that says who holds one of them; never waits."""
    with contextlib.ExitStack() as undo:
        files = []
        for resource in sorted(set(resources)):
            path = state.folder("locks") / quote(resource, safe="")
            file = undo.enter_context(_lock(path, resource))
            files.append((path, file))
        token = 1 + max(int(_read(file).get("token", 0)) for _, file in files)
        for _, file in files:
            _write(file, {"token": token, "holder": dict(holder), "agent": _identity(os.getpid())})
        undo.pop_all()
    return Lease(token, files)


def holder(resources: Sequence[str]) -> dict[str, Any] | None:
    """Return who holds one of *resources*, or None; takes no lock that could be in somebody's way."""
    for resource in sorted(set(resources)):
        try:
            with (state.folder("locks") / quote(resource, safe="")).open("rb") as file:
                record = _read(file)
        except OSError:  # nobody ever held it
            continue
        agent = record.get("agent")
        if agent and _identity(int(agent["pid"])) == agent:
            return dict(record.get("holder", {}))
    return None


def _lock(path: Path, resource: str) -> IO[bytes]:
    deadline = time.monotonic() + _KILL_SECONDS
    while True:
        file = _open(path)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            record, quiet = _read(file), time.time() - os.fstat(file.fileno()).st_mtime
            file.close()
            if quiet < _STALE or time.monotonic() > deadline or not _end_stopped(record, resource):
                raise _held(record, resource) from None
            time.sleep(0.01)  # the kernel frees the lock once the process is gone
            continue
        if _same(path, file):
            return file
        file.close()  # it was removed between opening and locking


def _open(path: Path) -> IO[bytes]:
    """Open the file of a lock, which everybody who may use the state folder may write."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o660)
    except PermissionError as error:
        raise LeaseError(f"{path} cannot be written by this account; see `ls -l` of it and of its folder") from error
    with contextlib.suppress(PermissionError):  # another account's: it has done this
        os.fchmod(descriptor, stat.S_IMODE(path.parent.stat().st_mode) & 0o660)
    return os.fdopen(descriptor, "r+b", buffering=0)


def _held(record: Mapping[str, Any], resource: str) -> LeaseError:
    holder = record.get("holder", {})
    return LeaseError(f"held by {describe(holder)}", details={"held": True, "holder": holder, "resource": resource})


def describe(holder: Mapping[str, Any]) -> str:
    """Return who *holder* is, in words."""
    seconds = max(0.0, time.time() - float(holder.get("since", time.time())))
    words = [str(holder.get("user", "somebody"))]
    words += [f"run {holder['run']}"] if holder.get("run") else []
    words += [str(holder["test"])] if holder.get("test") else []
    return ", ".join([*words, f"{seconds:.0f} s"])


def _end_stopped(record: Mapping[str, Any], resource: str) -> bool:
    """End the agent that holds the lock if it is stopped and ours: it cannot serve, nor notice that its client went."""
    agent = record.get("agent") or {}
    pid = int(agent.get("pid", 0))
    if not pid or _identity(pid) != agent or _status(pid)[0] != "T":
        return False
    if Path(f"/proc/{pid}").stat().st_uid != os.geteuid():
        raise LeaseError(
            f"{resource} is held by a stopped process of another account: pid {pid}; "
            f"its owner or an administrator must end it (kill -9 {pid})"
        )
    with contextlib.suppress(ProcessLookupError):  # just ended
        os.kill(pid, signal.SIGKILL)
    return True


def _identity(pid: int) -> dict[str, Any]:
    """Return what tells a process from a later one of the same number."""
    return {"pid": pid, "started": _status(pid)[1]}


def _status(pid: int) -> tuple[str, str]:
    """Return the state and the start time of a process, from /proc/PID/stat; see proc(5)."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return "", ""
    return fields[0], fields[19]


def _same(path: Path, file: IO[bytes]) -> bool:
    try:
        return path.stat().st_ino == os.fstat(file.fileno()).st_ino
    except FileNotFoundError:
        return False


def _read(file: IO[bytes]) -> dict[str, Any]:
    try:
        data = json.loads(os.pread(file.fileno(), 1 << 16, 0) or b"{}")
    except ValueError:  # its writer is just writing, or died of it
        return {}
    return data if isinstance(data, dict) else {}


def _write(file: IO[bytes], record: Mapping[str, Any]) -> None:
    """Replace the content in one write: a reader, and whoever comes after a crash, finds a counter."""
    data = json.dumps(record).encode()
    os.pwrite(file.fileno(), data, 0)
    os.ftruncate(file.fileno(), len(data))
