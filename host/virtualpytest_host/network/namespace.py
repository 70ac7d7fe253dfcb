"""Network namespaces by the names that ``ip netns`` gives them; the empty name is this process's own."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host.network import words

FOLDER = Path("/run/netns")
_CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)


def prefix(name: str) -> list[str]:
    """Return the words that come before a command for it to run in namespace *name*."""
    return ["ip", "netns", "exec", checked(name)] if name else []


def checked(name: str) -> str:
    """Return *name*; DeviceError if there is no such namespace."""
    if not (FOLDER / words.namespace(name)).exists():
        known = ", ".join(sorted(one.name for one in FOLDER.glob("*"))) or "none"
        raise DeviceError(f"no network namespace {name!r} here; there are: {known} (ip netns list)")
    return name


@contextlib.contextmanager
def entered(name: str) -> Iterator[None]:
    """Have this thread in namespace *name* while the block runs: the sockets that it makes belong there."""
    if not name:
        yield
        return
    with Path("/proc/thread-self/ns/net").open("rb") as home, (FOLDER / checked(name)).open("rb") as there:
        _enter(there.fileno(), name)
        try:
            yield
        finally:
            _enter(home.fileno(), "its own")


def _enter(descriptor: int, name: str) -> None:
    if _LIBC.setns(descriptor, _CLONE_NEWNET):
        reason = os.strerror(ctypes.get_errno())
        raise DeviceError(f"network namespace {name!r} cannot be entered: {reason}; run the host's agent as root")
