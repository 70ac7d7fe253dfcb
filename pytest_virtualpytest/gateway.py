"""The client's end: one gateway to each host, opened on need, calls answered or ended by their deadline."""

from __future__ import annotations

import contextlib
import getpass
import itertools
import os
import platform
import queue
import threading
import time
from collections.abc import Mapping, Sequence
from importlib import metadata
from typing import Any

from pytest_virtualpytest import transport, trouble
from pytest_virtualpytest.exceptions import CapabilityMissing, DeviceError, HostError, LabFault, VirtualPytestError
from pytest_virtualpytest.wire import OLDEST, PROTOCOL, Call, Message, Reply, agree, parse_reply

BEAT = 3.0
SILENCE = 12.0  # seconds without an answer to heartbeats after which a host counts as lost
PATIENCE = 3.0  # seconds beyond a call's deadline after which the host itself does not answer
_SECONDS = 30.0  # for a call that names no deadline
_HELLO_SECONDS = 10.0
_QUEUES = 2  # the protocol from which on a host keeps tickets
_LOST = None


class Gateway:
    """One host: an agent of its own, and the calls to it. Threads may share it."""

    def __init__(self, host: transport.HostSettings) -> None:
        self.name = host.name
        self.boot = self.version = ""
        self.protocol = PROTOCOL
        self.facts: dict[str, Any] = {}
        self._host = host
        self._numbers = itertools.count(1)
        self._waiting: dict[int, queue.SimpleQueue[Message | None]] = {}
        self._lock = threading.Lock()
        self._link: transport.Link | None = None
        self._ended = threading.Event()
        self._heard = 0.0
        self._loss = ""

    @property
    def alive(self) -> bool:
        """Whether calls can be made."""
        return self._link is not None and not self._ended.is_set()

    def open(self) -> None:
        """Start the agent and agree on a protocol; HostError within the time limit if that fails."""
        self._link = transport.start(self._host)
        self._heard = time.monotonic()
        self._link.channel.setcallback(self._receive, endmarker=_LOST)
        version = metadata.version("virtualpytest")
        hello = {"version": version, "protocol": PROTOCOL, "oldest": OLDEST, "client": client()}
        with contextlib.ExitStack() as undo:
            undo.callback(self.close)
            facts = self._greeted(Call("hello", args=hello, deadline=_HELLO_SECONDS))
            self.protocol = agree(self.name, facts["protocol"], facts["oldest"], facts["version"], version)
            undo.pop_all()
        self.facts, self.boot, self.version = facts, facts["boot"], facts["version"]
        threading.Thread(target=self._beat, daemon=True, name=f"beat {self.name}").start()

    def call(self, call: Call, patience: float = PATIENCE) -> Reply:
        """Return the answer to *call*, or raise what the host raised; HostError if the host is lost or silent.

        A call that is interrupted is cancelled on the host.
        """
        __tracebackhide__ = True
        number = next(self._numbers)
        answer: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._waiting[number] = answer
        seconds = (call.deadline or _SECONDS) + patience
        message, interrupted = _LOST, True
        try:
            if self._send(call.message(number)):
                message = answer.get(timeout=seconds)
            interrupted = False
        except queue.Empty:
            interrupted = False
            self._lose(f"{call.method} had no answer within {seconds:g} s")
            raise HostError(f"{self._who(call)} does not answer: {call.method} took more than {seconds:g} s") from None
        finally:
            del self._waiting[number]
            if interrupted:
                self._send(Call("cancel", args={"id": number}).message(0))
        if message is _LOST:
            raise HostError(f"{self._who(call)} was lost during {call.method}: {self._why()}")
        return self._told(call, message)

    def attach(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Start the process of the device that *spec* describes; return its capabilities and resources."""
        __tracebackhide__ = True
        call = Call("attach", str(spec["name"]), {"spec": dict(spec)}, deadline=40.0)
        return dict(self.call(call).value)

    def lease(self, device: str, holder: Mapping[str, Any], *, ticket: str | None = None, passes: bool = False) -> int:
        """Take *device* and return the token, or raise LeaseError; never waits.

        It is refused while somebody waits with a ticket older than *ticket*, unless *passes*.
        """
        __tracebackhide__ = True
        args = {"holder": dict(holder), "ticket": ticket, "passes": passes}
        return int(self.call(Call("lease", device, args, deadline=10.0)).value["token"])

    def queue(self, devices: Sequence[str], ticket: str, waiter: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """Keep *ticket* in the lines for *devices*; return for each who holds it, our place, and who is next."""
        __tracebackhide__ = True
        if self.protocol < _QUEUES:  # nobody waits in line there: it can only be tried
            return {name: {"held": False, "holder": None, "place": 1, "next": None} for name in devices}
        args = {"devices": list(devices), "ticket": ticket, "holder": dict(waiter)}
        return dict(self.call(Call("queue", args=args, deadline=10.0)).value)

    def withdraw(self, ticket: str) -> None:
        """Leave the lines; a ticket that is lost with its host has left them already."""
        if self.protocol >= _QUEUES:
            with contextlib.suppress(HostError):
                self.call(Call("withdraw", args={"ticket": ticket}, deadline=5.0))

    def release(self, device: str) -> None:
        """Give *device* back; one that is lost with its host is free already."""
        with contextlib.suppress(HostError):
            self.call(Call("release", device, deadline=5.0))

    def close(self) -> None:
        """End the agent, and with it every lease; takes no longer than two seconds."""
        self._end("it was closed")
        if self._link is not None:
            self._link.close(time.monotonic() + transport.CLOSE_SECONDS)

    def _greeted(self, hello: Call) -> dict[str, Any]:
        try:
            return dict(self.call(hello).value)
        except HostError as error:
            if not self._ended.is_set():
                raise
            raise HostError(f"host {self.name!r}: {self._why()}") from error

    def _who(self, call: Call) -> str:
        device = f"device {call.device!r} on " if call.device else ""
        return f"{device}host {self.name!r}"

    def _told(self, call: Call, message: Message) -> Reply:
        """Return what *message* says; a fault of the lab gets the names of device and host here, once."""
        __tracebackhide__ = True
        try:
            return parse_reply(message)
        except VirtualPytestError as error:
            if isinstance(error, (LabFault, CapabilityMissing)):
                error.message = f"{self._who(call)}: {error.message}"
                error.args = (error.message,)
            raise error from None

    def _send(self, message: Message) -> bool:
        """Send *message*, or tell that the host is lost."""
        if self._link is None or self._ended.is_set():
            return False
        try:
            self._link.channel.send(message)
        except OSError:
            self._end("")
            return False
        return True

    def _receive(self, message: Message | None) -> None:
        """Take a message, in execnet's thread."""
        if message is _LOST:
            self._end("")
            return
        self._heard = time.monotonic()
        answer = self._waiting.get(message[0])
        if answer is not None:
            answer.put(message)

    def _beat(self) -> None:
        while not self._ended.wait(BEAT):
            if time.monotonic() - self._heard > SILENCE:
                self._lose(f"nothing was heard from it for {SILENCE:g} s")
            self._send(Call("beat").message(next(self._numbers)))

    def _lose(self, why: str) -> None:
        """Give the host up: the next use opens a new gateway."""
        self._end(why)
        if self._link is not None:
            self._link.kill()

    def _end(self, why: str) -> None:
        with self._lock:
            if not self._ended.is_set():
                self._loss = why
                self._ended.set()
        for answer in list(self._waiting.values()):
            answer.put(_LOST)

    def _why(self) -> str:
        """Return why the host was lost; asked only after it was."""
        with self._lock:
            if not self._loss:
                self._loss = self._found_out()
            return self._loss

    def _found_out(self) -> str:
        if self._link is None:
            return "it was never opened"
        failure = self._link.failure()
        if failure:
            return trouble.missing(failure, self._host.python or "python")
        code = self._link.end(time.monotonic() + 1)
        return trouble.loss(self._link.said(), code, ssh=self._host.gateway != "popen")


class Gateways:
    """The gateways of one process, by the names of their hosts."""

    def __init__(self, hosts: Mapping[str, transport.HostSettings]) -> None:
        self._hosts = hosts
        self._open: dict[str, Gateway] = {}
        self._locks = {name: threading.Lock() for name in hosts}
        self._process = os.getpid()

    def of(self, name: str) -> Gateway:
        """Return the gateway to host *name*, opened if it is not, or again if it was lost."""
        if name not in self._hosts:
            raise DeviceError(f"no host {name!r}; known: {', '.join(self._hosts)}")
        if self._process != os.getpid():  # a forked process cannot use its parent's
            self.__init__(self._hosts)  # type: ignore[misc]
        with self._locks[name]:
            gateway = self._open.get(name)
            if gateway is None or not gateway.alive:
                if gateway is not None:
                    gateway.close()
                gateway = Gateway(self._hosts[name])
                gateway.open()
                self._open[name] = gateway
            return gateway

    def close(self) -> None:
        """Close every gateway, all at once."""
        closing = [threading.Thread(target=gateway.close, daemon=True) for gateway in self._open.values()]
        self._open.clear()
        for thread in closing:
            thread.start()
        for thread in closing:
            thread.join(2)


def client() -> dict[str, Any]:
    """Return who this process is, to those who wait for what it holds."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in some containers
        user = str(os.getuid())
    return {"user": user, "machine": platform.node(), "pid": os.getpid()}
