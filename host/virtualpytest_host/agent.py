"""The agent: the process on a host that serves one client.

The thread that receives only looks at each message: a control call is answered at once, a device's call
goes to that device's process. Nothing in it waits for hardware. The main thread looks after deadlines and
the client's heartbeat, and never sends: a client that does not read cannot hold it up. When the client
goes, or is silent too long, the process exits, whatever else runs; the kernel then frees its locks and
ends the devices' processes.
"""

from __future__ import annotations

import os
import platform
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from importlib import metadata
from typing import Any

from pytest_virtualpytest.exceptions import DeviceError, HostError, LeaseError
from pytest_virtualpytest.wire import GAVE_UP, OLDEST, PROTOCOL, Call, Message, Reply, error_message
from virtualpytest_host import health, lease, machine, parent, references, state, tickets
from virtualpytest_host.child import Child, Pending

SILENCE = 12.0  # seconds without a word from the client after which it counts as gone
DEADLINE = 30.0  # seconds for a call that names none
WITHOUT_LEASE = frozenset(
    {"screen.status", "screen.frame", "screen.clip", "screen.live", "screen.past", "screen.still",
     "audio.level", "audio.dropouts",
     "match", "read", "replay", "motion", "sound", "describe", "virtual.pin", "virtual.stop",
     "calibrate.estimate", "recorder.restart", "monitor.watch", "monitor.stop", *machine.CALLS}
)  # fmt: skip
_LAST_WORDS = 0.2  # seconds for the devices' processes to close their controllers when the client has gone


def serve(channel: Any) -> None:
    """Serve the client at the other end of an execnet *channel* until it goes; never returns."""
    parent.wake_with_it()
    os.dup2(2, 1)  # what a library prints must not be lost, nor get between our messages
    agent = Agent(channel.send)
    # The callback saves a change of threads for each call. It holds execnet's lock, so it must not wait.
    channel.setcallback(agent.receive, endmarker=None)
    try:
        agent.watch()
    finally:
        os._exit(1)


class Agent:
    """The devices, their processes and their leases; *send* takes messages to the client from any thread."""

    def __init__(self, send: Callable[[Message], None], silence: float = SILENCE) -> None:
        self._send, self._silence = send, silence
        self._protocol = PROTOCOL
        self._children: dict[str, tuple[Mapping[str, Any], Child]] = {}
        self._leases: dict[str, lease.Lease] = {}
        self._tickets: dict[str, tickets.Ticket] = {}
        self._heard = time.monotonic()
        self._gone: int | None = None
        self._awake = threading.Condition()
        self._wake_at = 0.0

    def receive(self, message: Message | None) -> None:
        """Take one message; None is the end of the client."""
        if message is None:
            self._gone = 0
            self._wake()
            return
        self._heard = time.monotonic()
        try:
            self._take(message)
        except Exception as error:  # noqa: BLE001  # whatever it is, the client must hear of it
            self._send(error_message(message[0], error, traceback.format_exc()))

    def watch(self) -> None:
        """Look after deadlines and the client's heartbeat until the client goes, then exit."""
        while self._gone is None:
            with self._awake:
                self._wake_at = float("inf")  # whoever sets a deadline from here on wakes us
                now = time.monotonic()
                children = [child for _, child in list(self._children.values())]
                self._wake_at = min([self._heard + self._silence, *(child.expire(now) for child in children)])
                if self._gone is None and self._wake_at > now:
                    self._awake.wait(self._wake_at - now)
            if time.monotonic() - self._heard > self._silence:
                self._gone = GAVE_UP
        self._leave(self._gone)

    def _wake(self) -> None:
        with self._awake:
            self._awake.notify()

    def _leave(self, code: int) -> None:
        children = [child for _, child in list(self._children.values())]
        for child in children:
            child.close()
        deadline = time.monotonic() + _LAST_WORDS
        for child in children:
            child.join(deadline)
        os._exit(code)

    def _take(self, message: Message) -> None:
        call = Call.parse(message)
        control = _CONTROL.get(call.method)
        if control is not None:
            value = control(self, call)
            if message[0]:
                reply = Reply(value, received=self._heard, sent=time.monotonic())
                self._send(reply.message(message[0], self._protocol))
            return
        if not call.device and call.method != "attach":
            raise DeviceError(f"the agent has no call {call.method!r}; it has attach, {', '.join(_CONTROL)}")
        seconds = call.deadline or DEADLINE
        leased = call.method not in WITHOUT_LEASE
        pending = Pending(message, call.method, seconds, self._heard + seconds, leased)
        if call.method == "attach":
            self._attach(call).describe(pending)
        else:
            self._check(call, leased=leased).submit(pending)
        if pending.deadline < self._wake_at:
            self._wake()

    def _check(self, call: Call, *, leased: bool) -> Child:
        """Return the process for *call*, which its client must be allowed to make."""
        child = self._child(call.device)
        if leased:
            if call.device not in self._leases and call.token is not None:
                raise lease.passed(self._resources(call.device), call.token)
            if call.device not in self._leases:
                raise LeaseError("it is not leased; lease it before its first call")
            self._leases[call.device].check(call.token)
        return child

    def _child(self, device: str) -> Child:
        if device not in self._children:
            raise DeviceError("it is not attached; attach it before its first call")
        return self._children[device][1]

    def _hello(self, call: Call) -> dict[str, Any]:
        theirs, oldest = int(call.args.get("protocol", PROTOCOL)), int(call.args.get("oldest", OLDEST))
        version = metadata.version("virtualpytest")
        self._protocol = min(PROTOCOL, theirs)
        if self._protocol < max(OLDEST, oldest):
            raise HostError(
                f"virtualpytest {version} there speaks protocol {OLDEST}–{PROTOCOL}, "
                f"{call.args.get('version')} here {oldest}–{theirs}; install the same version on both"
            )
        return {
            "version": version,
            "protocol": PROTOCOL,
            "oldest": OLDEST,
            "boot": state.boot(),
            "python": platform.python_version(),
            "executable": sys.executable,
            "machine": platform.node(),
            "pid": os.getpid(),
        }

    def _beat(self, _call: Call) -> dict[str, Any]:
        for held in self._leases.values():
            held.beat()
        for waiting in self._tickets.values():
            waiting.beat()
        return {}

    def _attach(self, call: Call) -> Child:
        spec = dict(call.args["spec"]) | {"protocol": self._protocol}
        known = self._children.get(call.device)
        if known and known[0] == spec and not known[1].failed:
            return known[1]
        if known and call.device in self._leases and not known[1].failed:
            raise DeviceError("it is leased with other settings; release it before it is attached with new ones")
        if known:
            known[1].close()
        self._children[call.device] = (spec, Child(spec, self._send))
        return self._children[call.device][1]

    def _detach(self, call: Call) -> dict[str, Any]:
        self._release(call)
        if call.device in self._children:
            self._children.pop(call.device)[1].close()
        return {}

    def _lease(self, call: Call) -> dict[str, Any]:
        holder = dict(call.args["holder"])
        if call.device in self._leases:
            raise LeaseError("this client holds it already", details={"held": True, "holder": holder})
        ticket, passes = call.args.get("ticket"), bool(call.args.get("passes"))
        record = holder | {"device": call.device}
        held = lease.take(self._resources(call.device), record, ticket=ticket, passes=passes)
        self._leases[call.device] = held
        return {"token": held.token}

    def _queue(self, call: Call) -> dict[str, Any]:
        """Keep a ticket in the line for each of several devices, and tell where it stands."""
        name, rows = call.args["ticket"], {device: self._resources(device) for device in call.args["devices"]}
        if name not in self._tickets:
            self._tickets[name] = tickets.Ticket(name, call.args["holder"])
        for resources in rows.values():
            self._tickets[name].join(resources)
        return {device: lease.standing(resources, name) for device, resources in rows.items()}

    def _withdraw(self, call: Call) -> dict[str, Any]:
        if call.args["ticket"] in self._tickets:
            self._tickets.pop(call.args["ticket"]).withdraw()
        return {}

    def _holder(self, call: Call) -> dict[str, Any]:
        resources = self._resources(call.device)
        return {"holder": lease.holder(resources), "waiting": tickets.ahead(resources)}

    def _resources(self, device: str) -> list[str]:
        return self._child(device).resources or [f"device:{device}"]

    def _release(self, call: Call) -> dict[str, Any]:
        held = self._leases.pop(call.device, None)
        if held is not None:
            self._child(call.device).revoke()
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
    "beat": Agent._beat,  # noqa: SLF001
    "detach": Agent._detach,  # noqa: SLF001
    "lease": Agent._lease,  # noqa: SLF001
    "queue": Agent._queue,  # noqa: SLF001
    "withdraw": Agent._withdraw,  # noqa: SLF001
    "holder": Agent._holder,  # noqa: SLF001
    "held": lambda _agent, _call: lease.held_devices(),
    "release": Agent._release,  # noqa: SLF001
    "cancel": Agent._cancel,  # noqa: SLF001
    "health": lambda _agent, _call: health.report(),
    "references.missing": lambda _agent, call: references.missing(call.args["shas"]),
    "references.put": Agent._put,  # noqa: SLF001
}
