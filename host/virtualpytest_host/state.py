"""Where a host keeps what outlives a process: locks, rings, virtual devices, reference pictures.

$VPT_STATE, else /var/lib/virtualpytest where that exists and may be written (a lab shared by several
accounts), else ~/.local/state/virtualpytest. It does not depend on the login session, so that ssh and a
desktop terminal see the same locks.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path

_SHARED = Path("/var/lib/virtualpytest")


def folder(*parts: str) -> Path:
    """Return a folder for *parts* within the state folder, made if it is not there; group-writable where shared."""
    path = _root()
    shared = path == _SHARED
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    for part in parts:
        path /= part
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            continue
        if shared:
            path.chmod(0o2770)  # whatever the umask: the group's other accounts write here, too
    return path


def _root() -> Path:
    chosen = os.environ.get("VPT_STATE")
    if chosen:
        return Path(chosen)
    if os.access(_SHARED, os.W_OK):
        return _SHARED
    return Path.home() / ".local" / "state" / "virtualpytest"


@functools.cache
def boot() -> str:
    """Return this machine's boot id: times of CLOCK_MONOTONIC mean something only together with it."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
