"""A Shelly of either generation on loopback: it has two outlets, wants an account if told to, and can go wrong."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

_NONCE = "4711"


@dataclass
class Plug:
    """Its outlets, and what it was asked."""

    generation: int
    password: str = ""
    stuck: bool = False
    outlets: list[bool] = field(default_factory=lambda: [False, False])
    asked: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, path: str, query: dict[str, str]) -> dict[str, Any] | None:
        """Do what is asked; None where there is no such thing."""
        if path == "/shelly":
            return {"gen": self.generation} if self.generation > 1 else {"type": "SHPLG-S", "auth": True}
        modern = self.generation > 1 and path.startswith("/rpc/Switch.")
        outlet = int(query["id"]) if modern else int(path.rpartition("/")[2]) if path.startswith("/relay/") else 9
        if outlet >= len(self.outlets) or (not modern and self.generation > 1):
            return None
        wanted = query.get("on") or query.get("turn")
        if wanted and not self.stuck:
            self.outlets[outlet] = wanted in {"true", "on"}
        return {"output" if modern else "ison": self.outlets[outlet]}

    def knows(self, method: str, uri: str, header: str) -> bool:
        """Tell whether *header* is what the account admin sends."""
        if self.generation == 1:
            return header == "Basic " + base64.b64encode(f"admin:{self.password}".encode()).decode()
        said = dict(re.findall(r'(\w+)="?([^",]*)"?', header))
        first, second = _hash(f"admin:plug:{self.password}"), _hash(f"{method}:{uri}")
        parts = [first, _NONCE, said.get("nc", ""), said.get("cnonce", ""), "auth", second]
        return said.get("response") == _hash(":".join(parts))


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@contextmanager
def running(generation: int, password: str = "", *, stuck: bool = False) -> Iterator[Plug]:
    """Run a plug."""
    plug = Plug(generation, password, stuck)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            plug.asked.append(self.path)
            known = plug.knows("GET", self.path, self.headers.get("Authorization", ""))
            if plug.password and parts.path != "/shelly" and not known:
                return self._send(401, "{}")
            told = plug.answer(parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()})
            return self._send(404, "Not Found") if told is None else self._send(200, json.dumps(told))

        def _send(self, status: int, body: str) -> None:
            self.send_response(status)
            if status == 401:
                digest = f'Digest qop="auth", realm="plug", nonce="{_NONCE}", algorithm=SHA-256'
                self.send_header("WWW-Authenticate", digest if plug.generation > 1 else 'Basic realm="plug"')
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        plug.url = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield plug
        finally:
            server.shutdown()
            thread.join()
