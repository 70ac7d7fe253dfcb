"""An amplifier to try the controller with; with a real one, set AMPLIFIER and delete this file."""

import os
import socketserver
import threading

import pytest


class Pretended(socketserver.ThreadingTCPServer):
    """What an amplifier answers, and what it was told."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Line)
        self.on = False
        self.keys: list[str] = []

    def answer(self, line: str) -> str:
        """Do what *line* says."""
        word, _, rest = line.partition(" ")
        if word == "KEY":
            self.keys.append(rest)
        elif word == "POWER":
            self.on = rest == "ON"
        return "ON" if self.on else "OFF"


class _Line(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        line = self.rfile.readline().decode().strip()
        self.wfile.write(f"{self.server.answer(line)}\n".encode())


@pytest.fixture(autouse=True, scope="session")
def amplifier():
    """An amplifier on this machine; the lab file reads its address from the environment."""
    with Pretended() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        os.environ["AMPLIFIER"] = f"127.0.0.1:{server.server_address[1]}"
        yield server
        server.shutdown()
