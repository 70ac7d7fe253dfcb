"""What the kernel does to this process when the thread that started it ends; see prctl(2), PR_SET_PDEATHSIG."""

from __future__ import annotations

import ctypes
import os
import signal

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None)


def die_with_it() -> None:
    """Have this process killed then; it stays so across an exec."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def wake_with_it() -> None:
    """Have this process go on then, should it be stopped: so that it sees that its client has gone."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGCONT)


def must_be(pid: int) -> None:
    """End this process if its parent, *pid*, has ended before the kernel was told to see to it."""
    if os.getppid() != pid:
        os._exit(1)
