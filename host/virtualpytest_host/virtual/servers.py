"""The box's HTTP sides: Roku's ECP for keys, Tasmota's commands for power, and a control side for tests.

The box takes one user of its keys at a time: a connection that has sent a key owns them until it closes.
"""

from __future__ import annotations

import http.server
import json
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from virtualpytest_host.virtual.faults import NAMES, Faults
from virtualpytest_host.virtual.truth import Truth

_INFO = (
    "<device-info><udn>virtual-{name}</udn><serial-number>{name}</serial-number><device-id>{name}</device-id>"
    "<vendor-name>virtualpytest</vendor-name><model-name>Virtual STB</model-name><model-number>V1</model-number>"
    "<software-version>1.0</software-version><software-build>1</software-build><is-tv>false</is-tv>"
    "<power-mode>{mode}</power-mode></device-info>"
)
_APPS = '<apps><app id="1" type="appl" version="1.0">Films</app></apps>'


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers with text, logs nothing."""

    protocol_version = "HTTP/1.1"
    server: Server

    def reply(self, body: str = "", status: int = 200, kind: str = "text/xml") -> None:
        """Send *body*."""
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's name
        """Write nothing: standard error is the box's log."""


class Server(http.server.ThreadingHTTPServer):
    """One of the box's HTTP ports, on loopback."""

    daemon_threads = True

    def __init__(self, handler: type[Handler], faults: Faults | None = None) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self._faults = faults
        threading.Thread(target=self.serve_forever, args=(0.1,), daemon=True).start()

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self.server_address[1])

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Close the connection at once while ``refuse`` is on."""
        return not (self._faults and self._faults.on("refuse"))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that hang up."""


def keys(name: str, faults: Faults, truth: Truth, press: Callable[[str, str], None], mode: Callable[[], str]) -> Server:
    """Return the ECP port; *press* gets ``press``, ``down`` or ``up`` and the key's name."""
    users = _Users()

    class Ecp(Handler):
        def do_POST(self) -> None:
            _, action, key, *_rest = [*unquote(self.path).split("/", 2), "", ""]
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            owner = users.take(self.client_address)
            if owner != self.client_address:
                truth.note("second user", client=list(self.client_address))
                self.reply(f"in use by {owner[0]}:{owner[1]}", 503)
            elif action not in {"keypress", "keydown", "keyup"} or not key:
                self.reply("unknown command", 404)
            else:
                self._key(action[3:], key)

        def _key(self, action: str, key: str) -> None:
            faults.outlast("hang", 3600)
            if faults.on("slow_key"):
                faults.outlast("slow_key", faults.amount("slow_key", 1.0))
            press(action, key)
            self.reply()

        def do_GET(self) -> None:
            answers = {"/query/device-info": _INFO.format(name=name, mode=mode()), "/query/apps": _APPS,
                       "/query/active-app": "<active-app><app>Roku</app></active-app>"}  # fmt: skip
            known = answers.get(self.path)
            self.reply(known or "", 200 if known else 404)

        def finish(self) -> None:
            users.leave(self.client_address)
            super().finish()

    return Server(Ecp, faults)


class _Users:
    """The one connection that owns the keys."""

    def __init__(self) -> None:
        self._owner: Any = None
        self._lock = threading.Lock()

    def take(self, client: Any) -> Any:
        with self._lock:
            self._owner = self._owner or client
            return self._owner

    def leave(self, client: Any) -> None:
        with self._lock:
            if self._owner == client:
                self._owner = None


def supply(faults: Faults, switch: Callable[[bool], None], powered: Callable[[], bool]) -> Server:
    """Return the Tasmota port."""

    class Tasmota(Handler):
        def do_GET(self) -> None:
            words = parse_qs(urlsplit(self.path).query).get("cmnd", [""])[0].split()
            word = words[1].upper() if len(words) > 1 else ""
            if not words or words[0].upper() not in {"POWER", "POWER1", "STATUS"}:
                self.reply('{"Command":"Unknown"}', kind="application/json")
                return
            if words[0].upper() != "STATUS" and word in {"ON", "OFF", "TOGGLE", "1", "0", "2"}:
                switch({"ON": True, "1": True, "OFF": False, "0": False}.get(word, not powered()))
            self.reply(json.dumps({"POWER": "ON" if powered() else "OFF"}), kind="application/json")

    return Server(Tasmota, faults)


def control(faults: Faults, truth: Truth, apply: Callable[[], None], state: Callable[[], str]) -> Server:
    """Return the port that tests use: ``POST /fault/NAME?seconds=2&amount=1``, ``POST /clear``, ``GET /state``."""

    class Control(Handler):
        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            word, _, name = parts.path.strip("/").partition("/")
            values = {key: float(value[0]) for key, value in parse_qs(parts.query).items()}
            if word == "clear":
                faults.clear()
            elif word == "fault" and name in NAMES:
                faults.set(name, values.get("seconds", 0.0), values.get("amount", 0.0))
            else:
                self.reply(f"unknown fault {name!r}; known: {', '.join(NAMES)}", 404)
                return
            truth.note("fault", name=name or "clear", **values)
            self.reply()
            apply()

        def do_GET(self) -> None:
            self.reply(json.dumps({"state": state(), "time": time.monotonic()}), kind="application/json")

    return Server(Control)
