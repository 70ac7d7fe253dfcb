"""One device's process: its controllers and its checks.

    python -m virtualpytest_host.session FILE_DESCRIPTOR PARENT

The first message is the device's description, the first answer what it can do and what it holds; then
each message is a call. The process dies with its agent.
"""

from __future__ import annotations

import contextlib
import faulthandler
import functools
import json
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any

from pytest_virtualpytest.capabilities import Described, Listens
from pytest_virtualpytest.exceptions import CapabilityMissing, DeviceError, LabFault, VirtualPytestError
from pytest_virtualpytest.wire import Call, Message, Reply, error_message
from virtualpytest_host import bare, build, console, elements, hands, inside, machine, parent, pointing, references, use
from virtualpytest_host.network import calls
from virtualpytest_host.pipe import AT_REST, LEAVING, Pipe

_ACTING: dict[str, Callable[..., Any]] = {  # what changes a picture: it is filmed from before the first action on
    "remote": hands.Remote, "power": hands.Supply, "touch": hands.Touch, "ui": elements.Ui, "apps": inside.Apps,
    "pointer": pointing.Pointer,
}  # fmt: skip
_ASKING: dict[str, Callable[..., Any]] = {
    "shell": inside.Shell, "files": inside.Files, "logs": inside.Logs, "network": calls.Network,
    "console": console.Console,
}  # fmt: skip
_HANDLERS = (*_ACTING, *_ASKING, "screen", "audio")


class Session:
    """The device's controllers, built from *spec*; those that drive it are opened at their first use."""

    def __init__(self, spec: Mapping[str, Any]) -> None:
        self._spec = spec
        self._opened: list[Any] = []
        self._warming: threading.Thread | None = None
        self._inputs = hands.Inputs()
        self._handlers: dict[str, Any] = {}
        self._log: list[tuple[float, str]] = []
        self._own: dict[str, Callable[..., Any]] = {
            "describe": self.describe,
            "facts": self.facts,
            "mark": self.mark,
            "log": self.log,
            "match": functools.partial(bare.offline, "match_pictures"),
            "read": functools.partial(bare.offline, "read_picture"),
            "replay": functools.partial(bare.offline, "replay"),
            "motion": functools.partial(bare.offline, "motion"),
            "sound": bare.listen,
            "virtual.pin": functools.partial(bare.virtual, "pin"),
            "virtual.stop": functools.partial(bare.virtual, "stop"),
        }
        self._use = use.Use(lambda: self.describe()["resources"])
        self._care: dict[str, Callable[..., Any]] = {  # what a host's keeper calls, and no test
            "calibrate.sample": self.calibrate,
            "calibrate.estimate": bare.estimate,
            "recorder.restart": self.restart_recorder,
            "monitor.watch": lambda **wanted: self._attendant().watch(**wanted),
            "monitor.stop": lambda: self._attendant().close(),
            **machine.CALLS,
        }

    @functools.cached_property
    def _controllers(self) -> dict[str, Any]:
        return build.controllers(self._spec)

    def describe(self) -> dict[str, Any]:
        """Return what the device can do, and what it holds."""
        held = {name for controller in self._controllers.values() for name in controller.resources()}
        held.update(self._spec.get("resources", ()))
        told = {"capabilities": sorted(self._controllers), "resources": sorted(held), "pid": os.getpid()}
        return told | hands.offered(self._controllers.get("remote"))

    def facts(self) -> dict[str, str]:
        """Return what the device says that it is, by those of its controllers that can ask it."""
        asked = {id(one): name for name, one in self._controllers.items() if isinstance(one, Described)}
        return {name: value for one in asked.values() for name, value in self._open(one).facts().items() if value}

    def call(self, call: Call) -> Reply:
        """Return the answer to *call*."""
        self._note(call)
        blobs = {"blobs": call.blobs} if call.blobs else {}
        method = self._find(call.method)
        with self._use.made() if self._acts(call.method) else contextlib.nullcontext():
            answer = method(**call.args, **blobs)
        return answer if isinstance(answer, Reply) else Reply(answer)

    def _acts(self, method: str) -> bool:
        """Tell whether *method* may do something to the device."""
        capability, _, name = method.partition(".")
        return bool(name) and capability in self._controllers and capability not in {"screen", "audio"}

    def mark(self, text: str) -> dict[str, Any]:
        """Put *text* on the device's log: from here on it is listened to."""
        for name in [name for name, one in self._controllers.items() if isinstance(one, Listens)]:
            with contextlib.suppress(LabFault):  # it is told when it is used
                self._open(name)
        self._log.append((time.monotonic(), f"mark {text}"))
        return {"captured": self._log[-1][0]}

    def log(self, since: float = 0.0) -> str:
        """Return the device's log from *since* on, a line for each call, with its time."""
        return "\n".join(f"{at:.3f} {text}" for at, text in self._log if at >= since)

    def calibrate(self, key: str, number: int) -> dict[str, float]:
        """Press *key* on a still picture, and return when, and when its change was captured."""
        remote, _ = self._handler("remote"), self._handler("screen")
        from virtualpytest_host import calibration

        return calibration.sample(self._stream, remote, key, number)

    def restart_recorder(self) -> dict[str, Any]:
        """Start the recorder of the device's stream again."""
        self._handler("screen")
        from virtualpytest_host import recorders

        return recorders.restart(self._stream.source)

    def gone(self) -> bool:
        """Tell whether the virtual device behind this has ended: a new process starts it again."""
        if not self._spec.get("virtual"):
            return False
        from virtualpytest_host import virtual

        return self._spec["name"] not in virtual.running()

    def close(self) -> None:
        """Give everything back that was opened."""
        for opened in reversed(self._opened):
            opened.close()
        self._use.close()

    def rest(self) -> None:
        """Close what listens, and end what runs: nobody holds the device, its next holder may be another process."""
        for handler in self._handlers.values():
            if isinstance(handler, inside.Rests):
                handler.rest()
        listening: list[Any] = [one for one in self._opened if isinstance(one, Listens)]
        for controller in listening:
            self._opened.remove(controller)
            controller.close()
            names = [name for name, one in self._controllers.items() if one is controller]
            self._handlers = {name: one for name, one in self._handlers.items() if name not in names}

    def warm(self) -> None:
        """Import what the screen needs before somebody waits for it."""
        if "screen" in self._controllers:
            self._warming = threading.Thread(target=self._prepare, daemon=True)
            self._warming.start()

    def _note(self, call: Call) -> None:
        if call.method not in {"log", "describe", "mark", "facts"}:
            self._log.append((time.monotonic(), f"{call.method} {json.dumps(call.args)[:200]}"))
            del self._log[:-2000]

    def _find(self, method: str) -> Callable[..., Any]:
        own = self._own.get(method) or self._care.get(method)
        if own is not None:
            return own
        if self._warming is not None:  # imports beside it would make a key's time uncertain
            self._warming.join()
        capability, dot, name = method.partition(".")
        if not dot:
            raise DeviceError(f"no call {method!r}; there are {', '.join(self._own)} and CAPABILITY.METHOD")
        found = getattr(self._handler(capability), name, None) if not name.startswith("_") else None
        if found is None:
            raise DeviceError(f"{capability} has no {name!r}")
        return found  # type: ignore[no-any-return]

    def _handler(self, capability: str) -> Any:
        if capability not in self._controllers:
            has = ", ".join(sorted(self._controllers)) or "nothing"
            raise CapabilityMissing(f'it has no {capability!r}, only {has}; add needs=["{capability}"] to the test')
        if capability not in _HANDLERS:
            raise CapabilityMissing(f"{capability!r} is not implemented yet; there are {', '.join(_HANDLERS)}")
        if capability in {"screen", "audio"}:
            return getattr(self, f"_{capability}")
        if capability not in self._handlers:
            if capability in _ACTING:
                self._film()
            kind = (_ACTING | _ASKING)[capability]
            self._handlers[capability] = kind(self._open(capability), self._inputs, self._handler)
        return self._handlers[capability]

    def _prepare(self) -> None:
        with contextlib.suppress(LabFault):  # it is told when the screen is used
            self._stream.prepare()

    def _film(self) -> None:
        """Have the recorder run before the device is first acted upon: a check may go back to that moment."""
        if "screen" in self._controllers:
            with contextlib.suppress(LabFault):  # it is told when the screen is used
                self._stream.warm()

    @functools.cached_property
    def _stream(self) -> Any:
        stream = bare.imported_screen().Stream
        chosen = self._controllers.get("screen") or self._controllers["audio"]
        return self._kept(stream(chosen.stream()))

    @functools.cached_property
    def _screen(self) -> Any:
        return self._kept(bare.imported_screen().Screen(self._stream, self._inputs, references.read))

    @functools.cached_property
    def _audio(self) -> Any:
        bare.imported_screen()
        from virtualpytest_host import audio

        return self._kept(audio.Audio(self._stream, self._inputs))

    @functools.cache  # noqa: B019  # one session, for as long as its process lives
    def _attendant(self) -> Any:
        self._handler("screen")
        from virtualpytest_host import lease, monitor

        name, held = self._spec["name"], self.describe()["resources"]
        attendant = monitor.Attendant(name, self._stream, lambda: lease.holder(held or [f"device:{name}"]), self.gone)
        return self._kept(attendant)

    def _open(self, capability: str) -> Any:
        controller = self._controllers[capability]
        if not any(controller is one for one in self._opened):
            controller.open()
            self._kept(controller)
        return controller

    def _kept(self, closable: Any) -> Any:
        self._opened.append(closable)
        return closable


def serve(pipe: Pipe) -> None:
    """Answer calls until the agent goes, or the virtual device has ended."""
    first = pipe.receive()
    if first is None:
        return
    spec = json.loads(first[1])
    session = Session(spec)
    answer, failed = _guarded(0, lambda: Reply(session.describe()).message(0))
    pipe.send(answer)
    if failed:
        return
    session.warm()
    with contextlib.closing(session):
        while (message := pipe.receive()) is not None:
            if message[0] == AT_REST:
                session.rest()
                continue
            answer, failed = _guarded(message[0], functools.partial(_answer, session, message, spec.get("protocol", 1)))
            leaving = failed and session.gone()
            if leaving:  # said first: whoever has the answer may call again at once
                pipe.send((LEAVING, "{}", []))
            pipe.send(answer)
            if leaving:
                return


def _answer(session: Session, message: Message, protocol: int) -> Message:
    received = time.monotonic()
    reply = session.call(Call.parse(message))
    return Reply(reply.value, reply.blobs, received, time.monotonic()).message(message[0], protocol)


def _guarded(number: int, action: Callable[[], Message]) -> tuple[Message, bool]:
    """Return what *action* returns, or its error as a message, and whether it failed."""
    try:
        return action(), False
    except Exception as error:  # noqa: BLE001  # a controller may raise anything; the test must see it
        verdict = isinstance(error, VirtualPytestError) and not isinstance(error, LabFault)
        return error_message(number, error, "" if verdict else traceback.format_exc()), True


def main() -> None:
    """Serve the agent that started this process."""
    parent.must_be(int(sys.argv[2]))
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(Pipe(socket.socket(fileno=int(sys.argv[1]))))
    os._exit(0)


if __name__ == "__main__":
    main()
