"""A device on the network that answers as it is told, and remembers what it was asked."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass
class Peer:
    """How it answers, and the requests that came: method and path, query included."""

    status: int = 200
    body: str = ""
    mute: bool = False
    asked: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def answering(status: int = 200, body: str = "", *, mute: bool = False) -> Iterator[Peer]:
    """Run a peer that answers *body* with *status*, or nothing where it is mute."""
    peer = Peer(status, body, mute)
    done = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            peer.asked.append(f"{self.command} {self.path}")
            if peer.mute:
                done.wait(30)
                return
            self.send_response(peer.status)
            self.send_header("Content-Length", str(len(peer.body.encode())))
            self.end_headers()
            self.wfile.write(peer.body.encode())

        do_POST = do_GET  # noqa: N815  # the base class's name

        def log_message(self, *_: object) -> None:
            pass

    class Server(http.server.ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: object) -> None:
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        peer.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield peer
        finally:
            done.set()
            server.shutdown()
            thread.join()


def free_port() -> int:
    """Return a port at which nobody listens."""
    with http.server.HTTPServer(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as server:
        return int(server.server_address[1])
