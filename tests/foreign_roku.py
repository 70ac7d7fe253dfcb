"""A Roku that nobody here wrote, PyPI's emulated-roku: prints ``ready``, then each key that it gets.

    python foreign_roku.py PORT

Its HTTP side only: a search for it by multicast would leave this machine.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from aiohttp import web
from emulated_roku import EmulatedRokuCommandHandler, EmulatedRokuServer


class Diary(EmulatedRokuCommandHandler):
    """Prints what happens."""

    def on_keydown(self, roku_usn: str, key: str) -> None:
        _tell("down", key)

    def on_keyup(self, roku_usn: str, key: str) -> None:
        _tell("up", key)

    def on_keypress(self, roku_usn: str, key: str) -> None:
        _tell("press", key)


def _tell(*words: str) -> None:
    sys.stdout.buffer.write(" ".join(words).encode() + b"\n")
    sys.stdout.flush()


async def serve(port: int) -> None:
    """Serve until the process is ended."""
    server: Any = EmulatedRokuServer(asyncio.get_running_loop(), Diary(), "foreign", "127.0.0.1", port)
    runner = await server._setup_app()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    _tell("ready")
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
