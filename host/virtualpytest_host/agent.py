"""The agent: the process on a host that serves one client.

The thread that receives only looks at each message: a control call is answered at once, a device's call
goes to that device's process. Nothing here waits for hardware. When the client goes, or is silent too
long, the process exits, whatever else runs; the kernel then frees its locks and ends its children.
"""

from __future__ import annotations

import os
import platform
import sys
import threading
import time
import traceback
from collections.abc import Callable
from importlib import metadata
from typing import Any

from pytest_virtualpytest.exceptions import DeviceError, LeaseError
from pytest_virtualpytest.wire import OLDEST, PROTOCOL, Call, Message, Reply, error_message, parse_reply
from virtualpytest_host import health, lease, references, state
from virtualpytest_host.child import Child

SILENCE = 12.0  # seconds without a word from the client after which it counts as gone
DEADLINE = 30.0  # seconds for a call that names none
_START_SECONDS = 20.0
_TICK = 0.1
WITHOUT_LEASE = frozenset({"screen.status", "screen.frame", "match", "describe", "virtual.pin", "virtual.stop"})


def serve(channel: Any) -> None:
    """Serve the client at the other end of an execnet *channel* until it goes."""
    agent = Agent(channel.send)
    channel.setcallback(agent.receive, endmarker=None)
    agent.watch()


class Agent:
    """The devices, their processes and their leases; *send* takes messages to the client from any thread."""

    def __init__(self, send: Callable[[Message], None]) -> None:
        self._send = send
        self._protocol = PROTOCOL
        self._children: dict[str, tuple[dict[str, Any], Child]] = {}
        self._leases: dict[str, lease.Lease] = {}
        self._heard = time.monotonic()

    def receive(self, message: Message | None) -> None:
        """Take one message; None is the end of the client."""
        if message is None:
            os._exit(0)
        self._heard = time.monotonic()
        number = message[0]
        try:
            self._take(number, message)
        except Exception as error:  # noqa: BLE001  # whatever it is, the client must hear of it
            self._send(error_message(number, error, traceback.format_exc()))

    def watch(self) -> None:
        """Look after deadlines and the client's heartbeat for ever."""
        while True:
            time.sleep(_TICK)
            now = time.monotonic()
            for _, child in list(self._children.values()):
                child.expire(now)
            if now - self._heard > SILENCE:
                os._exit(1)

    def _take(self, number: int, message: Message) -> None:
        call = Call.parse(message)
        if not call.device or call.method in _CONTROL:
            if call.method not in _CONTROL:
                raise DeviceError(f"the agent has no call {call.method!r}; it has {', '.join(_CONTROL)}")
            value = _CONTROL[call.method](self, call)
            if number and value is not None:
                self._send(Reply(value, received=self._heard, sent=time.monotonic()).message(number, self._protocol))
            elif number:
                self._later(number, call)
            return
        child = self._child(call.device)
        if call.method not in WITHOUT_LEASE:
            if call.device not in self._leases:
                raise LeaseError("it is not leased; lease it before its first call")
            self._leases[call.device].check(call.token)
        child.submit(message, call.method, call.deadline or DEADLINE)

    def _later(self, number: int, call: Call) -> None:
        """Answer an ``attach`` when the device's process has told what it has."""

        def wait() -> None:
            child = self._children[call.device][1]
            try:
                told = child.describe(call.deadline or _START_SECONDS)
                if "error" in told:
                    parse_reply(told["error"])
                self._send(Reply(told, received=self._heard, sent=time.monotonic()).message(number, self._protocol))
            except (DeviceError, LeaseError) as error:
                self._send(error_message(number, error))

        threading.Thread(target=wait, daemon=True).start()

    def _child(self, device: str) -> Child:
        if device not in self._children:
            raise DeviceError("it is not attached; attach it before its first call")
        return self._children[device][1]

    def _hello(self, call: Call) -> dict[str, Any]:
        self._protocol = min(PROTOCOL, int(call.args.get("protocol", PROTOCOL)))
        return {
            "version": metadata.version("virtualpytest"),
            "protocol": PROTOCOL,
            "oldest": OLDEST,
            "boot": state.boot(),
            "python": platform.python_version(),
            "executable": sys.executable,
            "machine": platform.node(),
            "pid": os.getpid(),
        }

    def _attach(self, call: Call) -> None:
        spec = dict(call.args["spec"]) | {"protocol": self._protocol}
        known = self._children.get(call.device)
        if known and known[0] == spec and "error" not in known[1].told():
            return
        if known:
            known[1].close()
        self._children[call.device] = (spec, Child(spec, self._send))

    def _detach(self, call: Call) -> dict[str, Any]:
        self._release(call)
        if call.device in self._children:
            self._children.pop(call.device)[1].close()
        return {}

    def _lease(self, call: Call) -> dict[str, Any]:
        if call.device in self._leases:
            details = {"held": True, "holder": dict(call.args["holder"])}
            raise LeaseError("this client holds it already", details=details)
        told = self._child(call.device).told()
        names = told.get("resources") or [f"device:{call.device}"]
        taken = lease.take(names, call.args["holder"])
        self._leases[call.device] = taken
        return {"token": taken.token}

    def _release(self, call: Call) -> dict[str, Any]:
        held = self._leases.pop(call.device, None)
        if held is not None:
            held.release()
        return {}

    def _cancel(self, call: Call) -> dict[str, Any]:
        for _, child in self._children.values():
            child.cancel(int(call.args["id"]))
        return {}

    def _put(self, call: Call) -> dict[str, Any]:
        references.put(call.args["sha"], call.blobs[0])
        return {}


_CONTROL: dict[str, Callable[[Agent, Call], Any]] = {
    "hello": Agent._hello,  # noqa: SLF001  # the table of the class above
    "beat": lambda _agent, _call: {},
    "attach": Agent._attach,  # noqa: SLF001
    "detach": Agent._detach,  # noqa: SLF001
    "lease": Agent._lease,  # noqa: SLF001
    "release": Agent._release,  # noqa: SLF001
    "cancel": Agent._cancel,  # noqa: SLF001
    "health": lambda _agent, _call: health.report(),
    "references.missing": lambda _agent, call: references.missing(call.args["shas"]),
    "references.put": Agent._put,  # noqa: SLF001
}
