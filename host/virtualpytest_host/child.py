"""A device's process, as its agent sees it: calls go in, answers come out, and it is ended when one hangs."""

from __future__ import annotations

import collections
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_virtualpytest.exceptions import CallTimeout, DeviceError, DeviceLost
from pytest_virtualpytest.wire import Message, error_message, parse_reply
from virtualpytest_host.pipe import Pipe


@dataclass
class _Pending:
    message: Message
    method: str
    deadline: float
    seconds: float


class Child:
    """One device's process: spawned at once, started again whenever it ends, one call at a time.

    A thread of its own reads the answers and starts the process: the kernel ends a process that asked
    for it when the *thread* that started it ends, so that thread must live as long as the agent.
    """

    def __init__(self, spec: Mapping[str, Any], answer: Callable[[Message], None]) -> None:
        self._spec, self._answer = dict(spec), answer
        self._lock = threading.Lock()
        self._queue: collections.deque[_Pending] = collections.deque()
        self._current: _Pending | None = None
        self._excuse: Exception | None = None
        self._pipe: Pipe | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._told: dict[str, Any] | None = None
        self._awake = threading.Condition()
        threading.Thread(target=self._serve, daemon=True).start()

    def describe(self, seconds: float) -> dict[str, Any]:
        """Return the capabilities and resources of the device, as soon as its process tells them."""
        with self._awake:
            if not self._awake.wait_for(lambda: self._told is not None, seconds):
                raise DeviceError(f"the device's process did not start within {seconds:.0f} s")
            assert self._told is not None
            return self._told

    def told(self) -> dict[str, Any]:
        """Return what the device's process has told so far."""
        return self._told or {}

    def submit(self, message: Message, method: str, seconds: float) -> None:
        """Pass a call on, now or when those before it are done; its deadline counts from now."""
        pending = _Pending(message, method, time.monotonic() + seconds, seconds)
        with self._lock:
            if self._current is not None or self._pipe is None:
                self._queue.append(pending)
                return
            self._send(pending)

    def cancel(self, number: int) -> None:
        """End call *number*: the process is killed if it is at it."""
        with self._lock:
            if self._current and self._current.message[0] == number:
                self._kill(DeviceError("the call was cancelled"))
            else:
                waiting = [pending for pending in self._queue if pending.message[0] == number]
                for pending in waiting:
                    self._queue.remove(pending)

    def expire(self, now: float) -> None:
        """Answer the calls whose deadline has passed; the one at work is ended with its process."""
        late = []
        with self._lock:
            if self._current and now > self._current.deadline and self._excuse is None:
                self._kill(_late(self._current))
            for pending in [one for one in self._queue if now > one.deadline]:
                self._queue.remove(pending)
                late.append(pending)
        for pending in late:
            self._answer(error_message(pending.message[0], _late(pending)))

    def close(self) -> None:
        """End the process for good."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()

    def _kill(self, excuse: Exception) -> None:
        self._excuse = excuse
        if self._process is not None:
            self._process.kill()

    def _send(self, pending: _Pending) -> None:
        assert self._pipe is not None
        self._current = pending
        try:
            self._pipe.send(pending.message)
        except OSError:  # it is just ending: the reading thread answers
            return

    def _serve(self) -> None:
        while not self._closed:
            pipe = self._spawn()
            self._listen(pipe)
            self._bury(pipe)

    def _spawn(self) -> Pipe:
        here, there = socket.socketpair()
        command = [sys.executable, "-m", "virtualpytest_host.session", str(there.fileno()), str(os.getpid())]
        self._process = subprocess.Popen(command, pass_fds=[there.fileno()], stdin=subprocess.DEVNULL, stdout=2)
        there.close()
        pipe = Pipe(here)
        pipe.send((0, json.dumps(self._spec), []))
        return pipe

    def _listen(self, pipe: Pipe) -> None:
        """Pass answers on until the process ends."""
        first = pipe.receive()
        if first is None:
            return
        self._tell(first)
        with self._lock:
            self._pipe = pipe
            self._next()
        while (message := pipe.receive()) is not None:
            self._answer(message)
            with self._lock:
                self._current = None
                self._next()

    def _next(self) -> None:
        if self._queue:
            self._send(self._queue.popleft())

    def _tell(self, message: Message) -> None:
        with self._awake:
            data = json.loads(message[1])
            self._told = parse_reply(message).value if "error" not in data else {"error": message}
            self._awake.notify_all()

    def _bury(self, pipe: Pipe) -> None:
        """Answer the call at which the process ended."""
        assert self._process is not None
        code = self._process.wait()
        pipe.close()
        with self._lock:
            self._pipe = None
            lost, self._current = self._current, None
            excuse, self._excuse = self._excuse, None
        if lost is not None:
            self._answer(error_message(lost.message[0], excuse or DeviceLost(_ending(code, lost.method))))
        elif self._told is None:
            self._tell(error_message(0, DeviceError(_ending(code, "its start"))))
        if lost is None and not self._closed:
            time.sleep(0.2)  # a process that cannot even start must not be started as fast as possible


def _late(pending: _Pending) -> CallTimeout:
    return CallTimeout(f"{pending.method} did not end within its deadline of {pending.seconds:g} s")


def _ending(code: int, during: str) -> str:
    how = f"by signal {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
    return f"the device's process ended {how} during {during}; it is started again"
