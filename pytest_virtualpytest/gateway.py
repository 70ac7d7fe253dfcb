"""The client's end: one gateway to each host, opened on need, calls answered or ended by their deadline."""

from __future__ import annotations

import contextlib
import getpass
import itertools
import os
import platform
import queue
import threading
from collections.abc import Mapping
from importlib import metadata
from typing import Any

from pytest_virtualpytest import transport
from pytest_virtualpytest.exceptions import DeviceError, HostError, LabFault, VirtualPytestError
from pytest_virtualpytest.wire import OLDEST, PROTOCOL, Call, Message, Reply, agree, parse_reply

BEAT = 3.0
PATIENCE = 3.0  # seconds beyond a call's deadline after which the host itself does not answer
_HELLO_SECONDS = 10.0
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

    @property
    def alive(self) -> bool:
        """Whether calls can be made."""
        return self._link is not None and not self._ended.is_set()

    def open(self) -> None:
        """Start the agent and agree on a protocol; HostError within the time limit if that fails."""
        self._link = transport.start(self._host)
        self._link.channel.setcallback(self._receive, endmarker=_LOST)
        version = metadata.version("virtualpytest")
        client = {"user": getpass.getuser(), "machine": platform.node(), "pid": os.getpid()}
        hello = {"version": version, "protocol": PROTOCOL, "oldest": OLDEST, "client": client}
        try:
            facts = self.call(Call("hello", args=hello, deadline=_HELLO_SECONDS)).value
            self.protocol = agree(self.name, facts["protocol"], facts["oldest"], facts["version"], version)
        except VirtualPytestError:
            self.close()
            raise
        self.facts, self.boot, self.version = facts, facts["boot"], facts["version"]
        threading.Thread(target=self._beat, daemon=True, name=f"beat {self.name}").start()

    def call(self, call: Call, patience: float = PATIENCE) -> Reply:
        """Return the answer to *call*, or raise what the host raised; HostError if the host is lost or silent.

        An interrupted call is cancelled on the host.
        """
        __tracebackhide__ = True
        number = next(self._numbers)
        answer: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        with self._lock:
            self._waiting[number] = answer
        seconds = (call.deadline or 30.0) + patience
        try:
            self._send(call.message(number))
            message = answer.get(timeout=seconds)
        except queue.Empty:
            raise HostError(f"{self._who(call)} does not answer: {call.method} took more than {seconds:g} s") from None
        except KeyboardInterrupt:
            with contextlib.suppress(HostError):
                self._send(Call("cancel", args={"id": number}).message(0))
            raise
        finally:
            with self._lock:
                self._waiting.pop(number, None)
        if message is _LOST:
            raise HostError(f"{self._who(call)} was lost during {call.method}{self._complaint()}")
        return self._told(call, message)

    def attach(self, spec: Mapping[str, Any]) -> dict[str, Any]:
        """Start the process of the device that *spec* describes; return its capabilities and resources."""
        call = Call("attach", str(spec["name"]), {"spec": dict(spec)}, deadline=40.0)
        return dict(self.call(call).value)

    def lease(self, device: str, holder: Mapping[str, Any]) -> int:
        """Take *device* and return the token, or raise LeaseError; never waits."""
        return int(self.call(Call("lease", device, {"holder": dict(holder)}, deadline=10.0)).value["token"])

    def release(self, device: str) -> None:
        """Give *device* back; one that is lost with its host is free already."""
        with contextlib.suppress(HostError):
            self.call(Call("release", device, deadline=5.0))

    def close(self) -> None:
        """End the agent, and with it every lease."""
        self._ended.set()
        if self._link is not None:
            self._link.close()

    def _who(self, call: Call) -> str:
        device = f"device {call.device!r} on " if call.device else ""
        return f"{device}host {self.name!r}"

    def _complaint(self) -> str:
        said = self._link.complaint() if self._link else ""
        if "No module named 'virtualpytest_host'" in said or "No module named virtualpytest_host" in said:
            return ""
        return f" ({said})" if said else ""

    def _told(self, call: Call, message: Message) -> Reply:
        """Return what *message* says; a fault of the lab gets the names of device and host here, once."""
        __tracebackhide__ = True
        try:
            return parse_reply(message)
        except VirtualPytestError as error:
            if isinstance(error, LabFault):
                error.message = f"{self._who(call)}: {error.message}"
                error.args = (error.message,)
            raise error from None

    def _send(self, message: Message) -> None:
        if self._link is None or self._ended.is_set():
            raise HostError(f"host {self.name!r} is not connected{self._complaint()}")
        try:
            self._link.channel.send(message)
        except OSError as error:
            self._receive(_LOST)
            raise HostError(f"host {self.name!r} was lost{self._complaint()}") from error

    def _receive(self, message: Message | None) -> None:
        """Take a message, in execnet's thread."""
        if message is _LOST:
            self._ended.set()
            with self._lock:
                waiting = list(self._waiting.values())
            for answer in waiting:
                answer.put(_LOST)
            return
        with self._lock:
            answer_to = self._waiting.get(message[0])
        if answer_to is not None:
            answer_to.put(message)

    def _beat(self) -> None:
        while not self._ended.wait(BEAT):
            with contextlib.suppress(HostError):
                self._send(Call("beat").message(0))


class Gateways:
    """The gateways of one process, by the names of their hosts."""

    def __init__(self, hosts: Mapping[str, transport.HostSettings]) -> None:
        self._hosts = hosts
        self._open: dict[str, Gateway] = {}
        self._lock = threading.Lock()

    def of(self, name: str) -> Gateway:
        """Return the gateway to host *name*, opened if it is not, or again if it was lost."""
        if name not in self._hosts:
            raise DeviceError(f"no host {name!r}; known: {', '.join(self._hosts)}")
        with self._lock:
            gateway = self._open.get(name)
            if gateway is None or not gateway.alive:
                gateway = Gateway(self._hosts[name])
                gateway.open()
                self._open[name] = gateway
            return gateway

    def close(self) -> None:
        """Close every gateway."""
        with self._lock:
            for gateway in self._open.values():
                gateway.close()
            self._open.clear()
