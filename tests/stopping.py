"""Stops processes for a while, as a machine that hangs does."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from until import until


def stop(pid: int) -> None:
    """Stop the process *pid*; on return it has stopped, which the signal alone does not see to."""
    os.kill(pid, signal.SIGSTOP)
    until_stopped(pid)


def until_stopped(pid: int) -> None:
    """Wait until all threads of the process *pid* have stopped."""
    until(lambda: _states(pid) == {"T"})


def _states(pid: int) -> set[str]:
    lines = (task.joinpath("stat").read_text() for task in Path(f"/proc/{pid}/task").iterdir())
    return {line.rpartition(")")[2].split()[0] for line in lines}
