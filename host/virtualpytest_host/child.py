"""A device's process, as its agent sees it: calls go in, answers come out, and it is ended when one hangs."""

from __future__ import annotations

import collections
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pytest_virtualpytest.exceptions import CallTimeout, DeviceError, DeviceLost, LeaseError
from pytest_virtualpytest.wire import Message, Reply, error_message
from virtualpytest_host import parent
from virtualpytest_host.pipe import AT_REST, LEAVING, Pipe

NEVER = float("inf")
_GRACE = 2.0  # seconds that a process may take to close its controllers
_DEATHS = 5  # in a row, after which a process is not started again until its device is attached anew

Answer = Callable[[Message], None]


@dataclass(eq=False)
class Pending:
    """A call that has no answer yet; *leased* if only the holder of the device may make it."""

    message: Message
    method: str
    seconds: float
    deadline: float
    leased: bool = True

    @property
    def number(self) -> int:
        """The call's number."""
        return self.message[0]


class Child:
    """One device's process: spawned at once, one call at a time, started again when it has ended.

    A thread of its own starts the process and reads its answers: the kernel ends a process that asked
    for it when the *thread* that started it ends, so that thread must live as long as the agent.
    Nothing that another thread calls here waits for the process.
    """

    def __init__(self, spec: Mapping[str, Any], answer: Answer) -> None:
        self._spec, self._answer = dict(spec), answer
        self._lock = threading.Lock()
        self._queue: collections.deque[Pending] = collections.deque()
        self._asking: list[Pending] = []
        self._current: Pending | None = None
        self._pipe: Pipe | None = None  # none while the process is not ready for calls
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._told: dict[str, Any] | None = None
        self._resources: list[str] = []
        self._failure: Exception | Message | None = None
        self._deaths = 0  # in a row, without an answer between
        self._notes = tempfile.TemporaryFile()  # noqa: SIM115  # what the process prints, as long as this lives
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def failed(self) -> bool:
        """Whether the process could not be started; this one never will be."""
        return self._failure is not None

    @property
    def resources(self) -> list[str]:
        """What the device holds, as its process has told."""
        return list(self._resources)

    def describe(self, pending: Pending) -> None:
        """Answer what the device can do and holds, as soon as its process tells."""
        with self._lock:
            if self._told is None and self._failure is None:
                self._asking.append(pending)
                return
        self._introduce([pending])

    def submit(self, pending: Pending) -> None:
        """Pass a call on, now or when those before it are done."""
        with self._lock:
            failure = self._failure
            if failure is None and (self._current is not None or self._pipe is None):
                self._queue.append(pending)
                return
            self._current, pipe = (pending, self._pipe) if failure is None else (None, None)
        if pipe is not None:
            self._send(pipe, pending)
        elif failure is not None:
            self._answer(_failed(pending.number, failure))

    def cancel(self, number: int) -> None:
        """End call *number* without an answer: its client no longer waits."""
        self._end(lambda pending: pending.number == number, lambda _pending: None)

    def revoke(self) -> None:
        """End every call that needs the lease, and have the process let go of what the next holder needs."""
        self._end(lambda pending: pending.leased, lambda _pending: LeaseError("the lease was given back meanwhile"))
        with self._lock:
            pipe = self._pipe
        if pipe is not None:
            with contextlib.suppress(OSError):  # it is just ending
                pipe.send((AT_REST, "{}", []))

    def expire(self, now: float) -> float:
        """End every call that is over its deadline; return when to look again."""
        self._end(lambda pending: now >= pending.deadline, _late)
        with self._lock:
            current = [self._current] if self._current else []
            return min((one.deadline for one in [*self._queue, *self._asking, *current]), default=NEVER)

    def close(self) -> None:
        """End the process for good: it closes its controllers first, unless a call keeps it from that."""
        with self._lock:
            self._closed = True
            pipe, process, busy = self._pipe, self._process, self._current is not None
        if pipe is not None and not busy:
            pipe.finish()
        if process is not None:
            grace = _GRACE if pipe is not None and not busy else 0
            timer = threading.Timer(grace, process.kill)
            timer.daemon = True
            timer.start()

    def join(self, deadline: float) -> None:
        """Wait until *deadline* for the process to end after :meth:`close`."""
        self._thread.join(max(0.0, deadline - time.monotonic()))

    def _end(self, chosen: Callable[[Pending], bool], excuse: Callable[[Pending], Exception | None]) -> None:
        """End the *chosen* calls; the process is killed if it is at one of them."""
        with self._lock:
            ended = [pending for pending in [*self._queue, *self._asking] if chosen(pending)]
            self._queue = collections.deque(pending for pending in self._queue if pending not in ended)
            self._asking = [pending for pending in self._asking if pending not in ended]
            if self._current is not None and chosen(self._current):
                ended.append(self._current)
                self._current = self._pipe = None
                assert self._process is not None
                self._process.kill()
        for pending in ended:
            if (error := excuse(pending)) is not None:
                self._aside(error_message(pending.number, error))

    def _aside(self, message: Message) -> None:
        """Answer from a thread that may wait for the client: the one that calls here must not."""
        threading.Thread(target=self._answer, args=(message,), daemon=True).start()

    def _send(self, pipe: Pipe, pending: Pending) -> None:
        try:
            pipe.send(pending.message)
        except OSError:  # it is just ending, or does not read: the reading thread answers
            if self._process is not None:
                self._process.kill()

    def _serve(self) -> None:
        while not self._closed and not self.failed:
            try:
                pipe = self._spawn()
            except OSError as error:
                self._fail(DeviceError(f"the device's process could not be started: {error}"))
                return
            self._bury(pipe, started=self._listen(pipe))
        self._notes.close()

    def _spawn(self) -> Pipe:
        here, there = socket.socketpair()
        command = [sys.executable, "-P", "-m", "virtualpytest_host.session", str(there.fileno()), str(os.getpid())]
        self._notes.seek(0)
        self._notes.truncate()
        with there:
            process = subprocess.Popen(
                command, pass_fds=[there.fileno()], stdin=subprocess.DEVNULL, stdout=self._notes, stderr=self._notes,
                preexec_fn=parent.die_with_it,  # noqa: PLW1509  # one call of the kernel: nothing here that can block
            )  # fmt: skip
        with self._lock:
            self._process = process
            if self._closed:
                process.kill()
        return Pipe(here)

    def _listen(self, pipe: Pipe) -> bool:
        """Pass answers on until the process ends; return whether it ever was ready for calls."""
        with contextlib.suppress(OSError):  # it has ended already
            pipe.send((0, json.dumps(self._spec), []))
        first = pipe.receive()
        if first is None:
            return False
        data = json.loads(first[1])
        if "error" in data:
            self._fail(first)
            return False
        self._begin(pipe, data["value"])
        while (message := pipe.receive()) is not None:
            with self._lock:
                if message[0] == LEAVING:
                    self._pipe = self._told = None
                wanted = self._current is not None and self._current.number == message[0]
                self._current = None if wanted else self._current
            if wanted:
                self._deaths = 0
                self._answer(message)
                self._next(pipe)
        return True

    def _begin(self, pipe: Pipe, told: dict[str, Any]) -> None:
        with self._lock:
            self._told, asking, self._asking = told, self._asking, []
            self._resources, self._pipe = told["resources"], pipe
        self._introduce(asking)
        self._next(pipe)

    def _next(self, pipe: Pipe) -> None:
        with self._lock:
            if not self._queue or self._current is not None or self._pipe is not pipe:
                return
            self._current = pending = self._queue.popleft()
        self._send(pipe, pending)

    def _introduce(self, asking: list[Pending]) -> None:
        for pending in asking:
            if self._failure is not None:
                self._answer(_failed(pending.number, self._failure))
            else:
                self._answer(Reply(self._told).message(pending.number, self._spec.get("protocol", 1)))

    def _fail(self, failure: Exception | Message) -> None:
        """Give up: every call is answered with *failure* until the device is attached anew."""
        with self._lock:
            self._failure, self._pipe = failure, None
            queued, self._queue = list(self._queue), collections.deque()
            asking, self._asking = self._asking, []
        self._introduce([*asking, *queued])

    def _bury(self, pipe: Pipe, *, started: bool) -> None:
        """Answer the call at which the process ended."""
        assert self._process is not None
        with self._lock:
            self._pipe = self._told = None
            lost, self._current = self._current, None
        if not self._closed:
            self._process.kill()  # it may have closed its end and go on
        code = self._process.wait()
        pipe.close()
        self._deaths += 1
        if lost is not None:
            error = DeviceLost(f"{_ending(code)} during {lost.method}; it is started again")
            self._answer(error_message(lost.number, error, self._printed()))
        elif not self.failed and not self._closed and (not started or self._deaths > _DEATHS):
            when = "again and again" if started else "at its start"
            self._fail(error_message(0, DeviceError(f"{_ending(code)} {when}"), self._printed()))

    def _printed(self) -> str:
        """Return the last lines that the process printed."""
        self._notes.seek(0)
        return self._notes.read()[-4000:].decode(errors="replace")


def _failed(number: int, failure: Exception | Message) -> Message:
    return error_message(number, failure) if isinstance(failure, Exception) else (number, failure[1], failure[2])


def _late(pending: Pending) -> Exception:
    if pending.method == "attach":
        return DeviceError(f"the device's process did not start within {pending.seconds:g} s")
    return CallTimeout(f"{pending.method} did not end within its deadline of {pending.seconds:g} s")


def _ending(code: int) -> str:
    how = f"by signal {signal.Signals(-code).name}" if code < 0 else f"with exit code {code}"
    return f"the device's process ended {how}"
