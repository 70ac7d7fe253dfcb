"""Begin the workers of this machine, and begin one anew that dies, or is stopped, before it has its work.

xdist reads the first words of a new process in the thread that schedules, without a limit: a worker that was killed
just then ended the run with an internal error, one that was stopped held it up for ever.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pytest_virtualpytest.process import status

TRIES = 5
LOOK = 1.0  # seconds; who is stopped at two looks in a row is ended


def anew(manager: Any) -> Callable[..., Any]:
    """Return the way in which xdist's *manager* sets up a worker, tried again where the new process ends meanwhile."""
    setup, group = manager.setup_node, manager.group

    def begin(spec: Any, putevent: Any) -> Any:
        for _ in range(TRIES - 1):
            with _ending_who_is_stopped(), contextlib.suppress(EOFError, OSError):
                return setup(spec, putevent)
            if spec.id and spec.id in group:
                group[spec.id].exit()  # so that another one may have its name
        return setup(spec, putevent)

    return begin


def stopped(pid: int) -> bool:
    """Tell whether process *pid* has been stopped; one that only begins slowly has not."""
    return status(pid)[0] == "T"


@contextlib.contextmanager
def _ending_who_is_stopped() -> Iterator[None]:
    """Meanwhile end each process that this one begins and that somebody stops."""
    done, before = threading.Event(), _children()
    watch = threading.Thread(target=_watch, args=(done, before), daemon=True, name="watch over the worker that begins")
    watch.start()
    try:
        yield
    finally:
        done.set()


def _watch(done: threading.Event, before: set[int]) -> None:
    seen: set[int] = set()
    while not done.wait(LOOK):
        now = {pid for pid in _children() - before if stopped(pid)}
        for pid in now & seen:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        seen = now


def _children() -> set[int]:
    """Return the processes that this one has begun, in any of its threads."""
    found: set[int] = set()
    for task in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found.update(map(int, task.read_text().split()))
    return found
