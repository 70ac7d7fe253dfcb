"""The pipes to a process, as execnet wants them: a write that cannot go on ends in time."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import subprocess
import threading
from typing import Any

STALL = 5.0  # seconds without a byte taken after which nobody reads at the other end
_CAPACITY = 1 << 20  # a frame goes through in a few turns


class Pipes:
    """Standard input and output of *process*; any thread may write, one reads."""

    error = (OSError, EOFError)

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.execmodel: Any = None
        self._process = process
        self._input, self._output = process.stdin, process.stdout
        self._lock = threading.Lock()
        self._closed = False
        os.set_blocking(self._input.fileno(), False)
        for pipe in (self._input, self._output):
            with contextlib.suppress(OSError):  # beyond this account's limit: slower, no more
                fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _CAPACITY)

    def read(self, size: int) -> bytes:
        """Return exactly *size* bytes; EOFError at the end."""
        data = self._output.read(size)
        if len(data) < size:
            raise EOFError(f"expected {size} bytes, got {len(data)}")
        return data

    def rest(self) -> bytes:
        """Return what has come and was not read."""
        os.set_blocking(self._output.fileno(), False)
        return self._output.read(1000) or b""

    def write(self, data: bytes) -> None:
        """Write all of *data*; the process is ended if it does not read."""
        view = memoryview(data)
        with self._lock:
            if self._closed:
                raise OSError("the connection is closed")
            while view:
                view = view[self._some(view) :]

    def _some(self, view: memoryview) -> int:
        try:
            return os.write(self._input.fileno(), view)
        except BlockingIOError:
            ready = select.select([], [self._input], [], STALL)[1]
        if not ready:
            self._process.kill()
            raise OSError(f"nobody read at the other end for {STALL:g} s")
        return 0

    def hang_up(self) -> None:
        """Let the process see the end of file; it is killed if a write to it hangs."""
        if not self._lock.acquire(timeout=0.3):
            self._process.kill()
            self._lock.acquire()
        try:
            self._closed = True
            self._input.close()
        finally:
            self._lock.release()

    close_write = hang_up

    def close_read(self) -> None:
        """Give the pipe from the process back."""
        self._output.close()

    def wait(self) -> int | None:
        """Return the exit code of the process."""
        return self._process.wait()

    def kill(self) -> None:
        """End the process."""
        self._process.kill()
