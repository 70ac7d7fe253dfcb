"""The recorders of a test's sources: who they are, what they hold."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from bench import ended
from until import until
from virtualpytest_host import recording

from pytest_virtualpytest.capabilities import Source


def pids(source: Source) -> list[int]:
    """Return the processes that record *source*."""
    wanted = [b"virtualpytest_host.recorder", str(recording.folder(source)).encode()]
    return [pid for pid in _processes() if wanted == _command(pid)[2:4] and not ended(pid)]


def kill(source: Source) -> None:
    """End the recorder of *source* without a chance to tidy up."""
    (pid,) = pids(source)
    os.kill(pid, signal.SIGKILL)
    until(lambda: ended(pid) and _threads(pid) <= 1)  # while one lives, so do the files of all


def _threads(pid: int) -> int:
    try:
        return len(list(Path(f"/proc/{pid}/task").iterdir()))
    except FileNotFoundError:
        return 0


def _processes() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _command(pid: int) -> list[bytes]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return []
