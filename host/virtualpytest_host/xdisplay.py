"""X displays by their names: where their servers listen, and whether one still lives.

FFmpeg's x11grab does not see the end of an X server: it goes on for ever with whatever its buffers held.
"""

from __future__ import annotations

import contextlib
import os
import re
import select
import socket
import struct
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from pytest_virtualpytest.capabilities import Source
from pytest_virtualpytest.exceptions import DeviceError

SOCKETS = Path("/tmp/.X11-unix")  # where every X server has its own
_NAME = re.compile(r"(?P<host>[\w.-]*):(?P<number>\d+)(?:\.\d+)?(?:\+\d+,\d+)?")
_PORT = 6000
_SECONDS = 3.0
_CREDENTIALS = struct.Struct("3i")  # of who listens at a socket: process, account, group


def address(name: str) -> tuple[socket.AddressFamily, Any]:
    """Return where the X server of the display *name* listens; DeviceError if that is no name of one."""
    match = _NAME.fullmatch(name)
    if match is None:
        raise DeviceError(f"{name!r} is no display; wanted one such as ':0', or 'virtual' for one of its own")
    if match["host"] not in {"", "unix"}:
        return socket.AF_INET, (match["host"], _PORT + int(match["number"]))
    path = SOCKETS / f"X{match['number']}"
    return socket.AF_UNIX, str(path) if path.exists() else f"\0{path}"


@contextlib.contextmanager
def lives(source: Source) -> Iterator[Callable[[], None]]:
    """Give what raises an OSError once the X server that *source* is taken from has ended; others never end so."""
    pid = process(source.url) if source.format == "x11grab" else None
    if pid is None:
        yield lambda: None
        return
    with open(os.pidfd_open(pid), "rb") as end:  # noqa: PTH123  # by number

        def check() -> None:
            if select.select([end], [], [], 0)[0]:
                raise OSError("its X server has ended")

        yield check


def process(name: str) -> int | None:
    """Return the process of the X server of the display *name*, None where it is not on this machine, or not there."""
    with contextlib.suppress(OSError, DeviceError):
        family, place = address(name)
        if family == socket.AF_UNIX:
            with socket.socket(family) as probe:
                probe.settimeout(_SECONDS)
                probe.connect(place)
                told = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
            return _CREDENTIALS.unpack(told)[0] or None  # 0: of another container
    return None
