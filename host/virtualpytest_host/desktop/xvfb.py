"""A display of one's own: an Xvfb that lives as long as the process that started it."""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
import threading
import time
from typing import IO

from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host import parent

_START_SECONDS = 20.0
_END_SECONDS = 5.0


class Xvfb:
    """An X server without a screen, of *size* such as ``1280x720``; started when its name is first asked for.

    One that has ended is started again, as the same display. A thread of its own starts it: the kernel ends the
    server when the thread that started it ends.
    """

    def __init__(self, size: str) -> None:
        self._size = size
        self._lock = threading.Lock()
        self._name = self._mark = ""
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None

    def name(self) -> str:
        """Return its display, such as ``:7``; DeviceError if it does not start."""
        with self._lock:
            if self._process is None or _ended(self._process.pid):
                self._name = self._start()
            return self._name

    @property
    def mark(self) -> str:
        """What tells it from another one that had its number before, "" while it has no name."""
        return self._mark if self._name else ""

    @property
    def pid(self) -> int:
        """The number of its process, 0 if there is none."""
        return self._process.pid if self._process else 0

    def runs(self) -> bool:
        """Tell whether it has been started, and has not ended."""
        with self._lock:
            return self._process is not None and not _ended(self._process.pid)

    def close(self) -> None:
        """End it."""
        with self._lock:
            self._end()
            self._name = ""

    def _start(self) -> str:
        self._end()
        reading, writing = os.pipe()
        with open(reading, "rb", buffering=0) as told, tempfile.TemporaryFile() as words:  # noqa: PTH123  # by number
            try:
                self._spawn(writing, words)
            finally:
                os.close(writing)
            number = _told(told)
            if not number:
                self._end()
                words.seek(0)
                said = words.read()[-2000:].decode(errors="replace").strip().splitlines() or ["it said nothing"]
                raise DeviceError(f"Xvfb did not start: {said[-1]}")
        if not self._name:
            self._mark = f"{os.getpid()}-{time.monotonic_ns()}"
        return f":{number}"

    def _spawn(self, told: int, words: IO[bytes]) -> None:
        screen = ["-screen", "0", f"{self._size}x24", "-nolisten", "tcp", "-noreset", "-s", "0"]
        command = ["Xvfb", *([self._name] if self._name else []), "-displayfd", str(told), *screen]
        ready, failures = threading.Event(), list[OSError]()

        def live() -> None:
            try:
                self._process = subprocess.Popen(
                    command, pass_fds=[told], stdin=subprocess.DEVNULL, stdout=words, stderr=words,
                    preexec_fn=parent.die_with_it,  # noqa: PLW1509  # one call of the kernel: nothing that can block
                )  # fmt: skip
            except OSError as error:
                failures.append(error)
                return
            finally:
                ready.set()
            self._process.wait()

        self._thread = threading.Thread(target=live, daemon=True)
        self._thread.start()
        ready.wait()
        if failures:
            raise DeviceError(f"display 'virtual' needs Xvfb: apt-get install xvfb ({failures[0].strerror})")

    def _end(self) -> None:
        process, thread = self._process, self._thread
        self._process = self._thread = None
        if process is not None and not _ended(process.pid):
            process.terminate()
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:  # stopped, or stuck
                process.kill()
        if thread is not None:
            thread.join()


def _ended(pid: int) -> bool:
    """Tell whether our child *pid* has ended, whether or not the thread that waits for it has noticed."""
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return True


def _told(pipe: IO[bytes]) -> str:
    """Return the number of the display that the server says it has, "" if it ends or says nothing in time."""
    said, end = b"", time.monotonic() + _START_SECONDS
    while not said.endswith(b"\n"):
        ready, _, _ = select.select([pipe], [], [], max(0.0, end - time.monotonic()))
        piece = pipe.read(16) if ready else b""
        if not piece:
            return ""
        said += piece
    return said.decode().strip()
