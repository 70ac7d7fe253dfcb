"""Another process of this machine, as the kernel tells of it; see proc(5)."""

from __future__ import annotations

from pathlib import Path


def status(pid: int) -> tuple[str, str]:
    """Return the state of process *pid* and when it began, in the kernel's ticks; both empty once it has ended.

    Its number and its begin tell a process from a later one of the same number.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].decode("ascii").split()
    except OSError:
        return "", ""
    return ("", "") if fields[0] in "ZX" else (fields[0], fields[19])  # Z: nobody has asked for its exit code yet
