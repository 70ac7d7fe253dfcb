"""The box's HTTP sides: Roku's ECP for keys, Tasmota's commands for power, and a control side for tests.

The box takes one user of its keys at a time: a connection that has sent a key owns them until it closes.
"""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from virtualpytest_host.virtual.faults import NAMES, Faults
from virtualpytest_host.virtual.ports import Port
from virtualpytest_host.virtual.truth import Truth

_INFO = (
    "<device-info><udn>virtual-{name}</udn><serial-number>{name}</serial-number><device-id>{name}</device-id>"
    "<vendor-name>virtualpytest</vendor-name><model-name>Virtual STB</model-name><model-number>V1</model-number>"
    "<software-version>1.0</software-version><software-build>1</software-build><is-tv>false</is-tv>"
    "<user-device-name>{name}</user-device-name><friendly-device-name>{name}</friendly-device-name>"
    "<power-mode>{mode}</power-mode></device-info>"
)
_ACTIVE = "<active-app><app>Roku</app></active-app>"
_PLAYER = '<player error="false" state="close"/>'
_SWITCH = {"ON": True, "1": True, "OFF": False, "0": False}
_LEAVING_SECONDS = 0.5  # a connection that was closed a moment ago is still being put away
_APPS = '<apps><app id="1" type="appl" version="1.0">Films</app></apps>'


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with text, logs nothing."""

    protocol_version = "HTTP/1.1"

    def reply(self, body: str = "", status: int = 200, kind: str = "text/xml") -> None:
        """Send *body*."""
        data = body.encode()
        self.send_response(status)
        if data:  # nothing is no XML: clients try to read what has a type
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Write nothing: standard error is the box's log."""


def _serve(handler: type[Handler]) -> Port:
    nobody: Any = None  # there is no server object: a port is all that a handler needs
    return Port(lambda connection, address: handler(connection, address, nobody))


def keys(name: str, faults: Faults, truth: Truth, press: Callable[[str, str], None], mode: Callable[[], str]) -> Port:
    """Return the ECP port; *press* gets ``press``, ``down`` or ``up`` and the key's name."""
    users = _Users()

    class Ecp(Handler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            _, action, key, *_rest = [*unquote(self.path).split("/", 2), "", ""]
            faults.outlast("hang", 3600)
            owner = users.take(self.client_address)
            if owner != self.client_address:
                truth.note("second user", client=list(self.client_address))
                self.reply(f"in use by {owner[0]}:{owner[1]}", 503)
            elif action not in {"keypress", "keydown", "keyup"} or not key:
                self.reply("unknown command", 404)
            else:
                self._key(action[3:], key)

        def _key(self, action: str, key: str) -> None:
            if faults.on("slow_key"):
                faults.outlast("slow_key", faults.amount("slow_key", 1.0))
            press(action, key)
            users.note(action, key)
            self.reply()

        def do_GET(self) -> None:
            faults.outlast("hang", 3600)
            answers = {"/query/device-info": _INFO.format(name=escape(name), mode=mode()), "/query/apps": _APPS,
                       "/query/active-app": _ACTIVE, "/query/media-player": _PLAYER}  # fmt: skip
            known = answers.get(self.path)
            self.reply(known or "", 200 if known else 404)

        def finish(self) -> None:
            for key in users.leave(self.client_address):
                press("up", key)
            super().finish()

    return _serve(Ecp)


class _Users:
    """The one connection that owns the keys, and the keys that it keeps down."""

    def __init__(self) -> None:
        self._owner: Any = None
        self._down: set[str] = set()
        self._left = threading.Condition()

    def take(self, client: Any) -> Any:
        """Return the owner: *client* where there is none, or the one there was leaves just now."""
        with self._left:
            self._left.wait_for(lambda: self._owner in {None, client}, _LEAVING_SECONDS)
            self._owner = self._owner or client
            return self._owner

    def note(self, action: str, key: str) -> None:
        if action == "down":
            self._down.add(key)
        elif action == "up":
            self._down.discard(key)

    def leave(self, client: Any) -> set[str]:
        """Let the next one in; return the keys that *client* has left down."""
        with self._left:
            if self._owner != client:
                return set()
            self._owner, down, self._down = None, self._down, set()
            self._left.notify_all()
            return down


def supply(switch: Callable[[bool], None], powered: Callable[[], bool]) -> Port:
    """Return the Tasmota port."""

    class Tasmota(Handler):
        def do_GET(self) -> None:
            command, _, word = parse_qs(urlsplit(self.path).query).get("cmnd", [""])[0].upper().partition(" ")
            if command in {"POWER", "POWER1"}:
                if word in {"TOGGLE", "2"} or word in _SWITCH:
                    switch(_SWITCH.get(word, not powered()))
                self._tell({"POWER": "ON" if powered() else "OFF"})
            elif command == "STATUS":
                self._tell({"Status": {"Module": 1, "FriendlyName": ["Virtual plug"], "Power": int(powered())}})
            else:
                self._tell({"Command": "Unknown"})

        def _tell(self, answer: dict[str, object]) -> None:
            self.reply(json.dumps(answer), kind="application/json")

    return _serve(Tasmota)


def control(
    faults: Faults, truth: Truth, apply: Callable[[], None], state: Callable[[], str], names: Sequence[str] = NAMES
) -> Port:
    """Return the port that tests use: ``POST /fault/NAME?seconds=2&amount=1``, ``POST /clear``, ``GET /state``.

    *names* are the faults that the device takes.
    """

    class Control(Handler):
        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            word, _, name = parts.path.strip("/").partition("/")
            values = {key: float(value[0]) for key, value in parse_qs(parts.query).items()}
            if word == "clear":
                faults.clear()
            elif word == "fault" and name in names:
                faults.set(name, values.get("seconds", 0.0), values.get("amount", 0.0))
            else:
                self.reply(f"unknown fault {name!r}; known: {', '.join(names)}", 404)
                return
            truth.note("fault", name=name or "clear", **values)
            if name != "crash":
                apply()
            self.reply()
            if name == "crash":  # nobody could answer afterwards
                apply()

        def do_GET(self) -> None:
            self.reply(json.dumps({"state": state(), "time": time.monotonic()}), kind="application/json")

    return _serve(Control)
