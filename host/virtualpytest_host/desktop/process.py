"""A program that was started on a desktop: it and all that it starts end together, with us at the latest."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from pytest_virtualpytest.exceptions import DeviceError
from pytest_virtualpytest.process import status
from virtualpytest_host import parent
from virtualpytest_host.desktop.guard import Guard

_GRACE = 3.0  # seconds for a program to end when it is asked to
_TURN = 0.05


class Process:
    """A program with arguments, in a session of its own; what it prints is kept."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], guard: Guard) -> None:
        self._guard = guard
        self._output, self._errors = _file(), _file()
        try:
            self._process = subprocess.Popen(
                list(command), env=dict(environ), cwd=Path.home(), stdin=subprocess.DEVNULL, stdout=self._output,
                stderr=self._errors, start_new_session=True,
                preexec_fn=parent.die_with_it,  # noqa: PLW1509  # one call of the kernel: nothing that can block
            )  # fmt: skip
        except (OSError, ValueError) as error:  # a name or argument with a NUL in it is a ValueError
            self._put_away()
            raise DeviceError(f"desktop: {command[0]!r} cannot be started: {_reason(error)}") from error
        guard.add(self._process.pid)

    @property
    def pid(self) -> int:
        """Its number, which is its session's too."""
        return self._process.pid

    def status(self) -> int | None:
        """Return its exit status, None as long as it runs."""
        return self._process.poll()

    def wait(self, seconds: float) -> bool:
        """Tell whether it ends within *seconds*."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return self._process.returncode is not None

    def said(self) -> tuple[str, str]:
        """Return what it has printed, and what it has complained of."""
        return _text(self._output), _text(self._errors)

    def end(self, grace: float = _GRACE) -> None:
        """End its session, with force what does not listen for *grace* seconds."""
        if grace and self._signal(signal.SIGTERM):
            until = time.monotonic() + grace
            while time.monotonic() < until and _lives(self._process.pid):
                time.sleep(_TURN)
        self._signal(signal.SIGKILL)
        self.leave()

    def leave(self) -> None:
        """Have nothing more to do with it: it has ended, what it has started may go on."""
        self._process.wait()
        self._guard.remove(self._process.pid)
        self._put_away()

    def _signal(self, number: int) -> bool:
        """Send a signal to its group, all that it has started; tell whether there is any of it."""
        try:
            os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True

    def _put_away(self) -> None:
        self._output.close()
        self._errors.close()


def _lives(group: int) -> bool:
    """Tell whether something of the process *group* runs; what has ended counts no more, buried or not."""
    for pid in (int(path.name) for path in Path("/proc").glob("[0-9]*")):
        with contextlib.suppress(ProcessLookupError):  # it has just gone
            if os.getpgid(pid) == group and any(status(pid)):
                return True
    return False


def _file() -> IO[bytes]:
    return tempfile.TemporaryFile()  # not a pipe: what a program leaves running would keep that open


def _text(file: IO[bytes]) -> str:
    return os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0).decode(errors="replace")


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
