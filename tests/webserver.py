"""A web server with manners to choose: ``{"port": 8080, "size": 10, "wait": 0, "tls": "pem", "mute": false}``.

It answers with *size* bytes, *wait* seconds after it was asked, by TLS where it has a file with key and certificate,
or, *mute*, never.
"""

from __future__ import annotations

import http.server
import json
import ssl
import sys
import threading
from typing import Any

OPTIONS: dict[str, Any] = json.loads(sys.argv[1])


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        threading.Event().wait(3600 if OPTIONS.get("mute") else OPTIONS.get("wait", 0))
        self.send_response(200)
        self.send_header("Content-Length", str(OPTIONS.get("size", 10)))
        self.end_headers()
        self.wfile.write(bytes(OPTIONS.get("size", 10)))


with http.server.ThreadingHTTPServer(("0.0.0.0", OPTIONS["port"]), Handler) as server:
    if OPTIONS.get("tls"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(OPTIONS["tls"])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    server.serve_forever()
