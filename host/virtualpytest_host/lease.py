"""Exclusive holds: a flock on one file for each thing that a device is made of.

The file holds who has it, and a counter: the fencing token. The kernel gives the lock back when its
process ends, however it ends. Only a stopped process keeps its lock for ever: the file's modification
time is its client's last heartbeat, so that another agent can tell, and end it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from pytest_virtualpytest.exceptions import LeaseError
from pytest_virtualpytest.process import status
from virtualpytest_host import lockfile, state, tickets

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
            if not lockfile.in_place(path, file):
                raise LeaseError(f"the lock file {path} was removed or replaced; nobody may delete it while it is held")

    def beat(self) -> None:
        """Note that the client lives."""
        for _, file in self._files:
            os.utime(file.fileno())

    def release(self) -> None:
        """Give everything back."""
        for path, file in self._files:
            if lockfile.in_place(path, file):
                lockfile.write(file, {"token": self.token})
            file.close()
        self._files.clear()


def take(
    resources: Sequence[str], holder: Mapping[str, Any], *, ticket: str | None = None, passes: bool = False
) -> Lease:
    """Return a lease of all *resources*, or raise LeaseError that says who is in the way; never waits.

    Who waits with an older ticket than *ticket* comes first, unless *passes*: somebody who holds one device and
    needs another must not stand behind those who wait for the first.
    """
    names = sorted(set(resources))
    if not passes:
        _mind_the_line(names, ticket)  # before any lock, which would be in the way of who is first
    with contextlib.ExitStack() as undo:
        files, locks = [], state.folder("locks")
        for resource in names:
            path = locks / quote(resource, safe="")
            files.append((path, undo.enter_context(_lock(path, resource))))
        if not passes:
            _mind_the_line(names, ticket)  # now nobody can have begun to wait that we do not see
        token = 1 + max(int(lockfile.read(file).get("token", 0)) for _, file in files)
        for _, file in files:
            lockfile.write(file, {"token": token, "holder": dict(holder), "agent": _identity(os.getpid())})
        undo.pop_all()
    return Lease(token, files)


def holder(resources: Sequence[str]) -> dict[str, Any] | None:
    """Return who holds one of *resources*, or None; takes no lock that could be in somebody's way."""
    held = _held(resources)
    return None if held is None else dict(held[0].get("holder", {}))


def held_devices() -> list[str]:
    """Return the names of all devices that somebody holds on this host, as their holders call them."""
    records = (_living(path) for path in state.folder("locks").iterdir())
    return sorted({str(found[0].get("holder", {}).get("device", "")) for found in records if found} - {""})


def standing(resources: Sequence[str], ticket: str) -> dict[str, Any]:
    """Return where the waiter with *ticket* stands: its place in line, who is next, who holds, and if not in vain."""
    before, held = tickets.ahead(sorted(set(resources)), ticket), _held(resources)
    return {
        "place": len(before) + 1,
        "next": before[0] if before else None,
        "holder": None if held is None else held[0].get("holder", {}),
        "held": held is not None and held[1] < _STALE,  # a holder so quiet may be stopped: worth a try
    }


def passed(resources: Sequence[str], token: int) -> LeaseError:
    """Return the refusal of a call with the *token* of a lease that has ended."""
    held = _held(resources)
    now = "nobody holds it" if held is None else f"held by {describe(held[0].get('holder', {}))}"
    return LeaseError(f"it is not leased with token {token} any more: {now}; lease it anew")


def _mind_the_line(names: Sequence[str], ticket: str | None) -> None:
    before = tickets.ahead(names, ticket)
    if before:
        details = {"held": True, "kept": True, "holder": before[0], "place": len(before) + 1}
        raise LeaseError(f"kept for {describe(before[0])}", details=details)


def _held(resources: Sequence[str]) -> tuple[dict[str, Any], float] | None:
    """Return the record of a living holder of one of *resources*, and the seconds since its last heartbeat."""
    paths = (state.folder("locks") / quote(resource, safe="") for resource in sorted(set(resources)))
    return next((found for path in paths if (found := _living(path))), None)


def _living(path: Path) -> tuple[dict[str, Any], float] | None:
    """Return what the lock at *path* says of a holder that lives, and the seconds since its last heartbeat."""
    try:
        with path.open("rb") as file:
            record, quiet = lockfile.read(file), time.time() - os.fstat(file.fileno()).st_mtime
    except OSError:  # nobody ever held it
        return None
    agent = record.get("agent")
    return (record, quiet) if agent and _identity(int(agent["pid"])) == agent else None


def _lock(path: Path, resource: str) -> IO[bytes]:
    deadline = time.monotonic() + _KILL_SECONDS
    while True:
        file = lockfile.opened(path)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            record, quiet = lockfile.read(file), time.time() - os.fstat(file.fileno()).st_mtime
            file.close()
            if quiet < _STALE or time.monotonic() > deadline or not _end_stopped(record, resource):
                raise _refusal(record, resource) from None
            time.sleep(0.01)  # the kernel frees the lock once the process is gone
            continue
        if lockfile.in_place(path, file):
            return file
        file.close()  # it was removed between opening and locking


def _refusal(record: Mapping[str, Any], resource: str) -> LeaseError:
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
    if not pid or _identity(pid) != agent or status(pid)[0] != "T":
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
    """Return what tells a process from a later one of the same number, and from itself once it has ended."""
    return {"pid": pid, "started": status(pid)[1]}
