"""Another process of this machine, as the kernel tells of it; see proc(5)."""

from __future__ import annotations

import os
from pathlib import Path

_BOOT, _NUMBERS = Path("/proc/sys/kernel/random/boot_id"), Path("/proc/self/ns/pid")


def here() -> str:
    """Return what is equal for processes that know each other by their numbers: of one machine, boot and container."""
    return f"{_BOOT.read_text(encoding='ascii').strip()} {_NUMBERS.readlink()}"


def own() -> dict[str, int | str]:
    """Return by what others of this machine find this process."""
    return {"pid": os.getpid(), "start": status(os.getpid())[1], "where": here()}


def status(pid: int) -> tuple[str, str]:
    """Return the state of process *pid* and when it began, in the kernel's ticks; both empty once it has ended.

    Its number and its begin tell a process from a later one of the same number.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].decode("ascii").split()
    except OSError:
        return "", ""
    return ("", "") if fields[0] in "ZX" else (fields[0], fields[19])  # Z: nobody has asked for its exit code yet
