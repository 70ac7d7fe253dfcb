"""The recorders of this host as they run: which there are, and to start one again that hangs."""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_virtualpytest.capabilities import Source
from pytest_virtualpytest.exceptions import CaptureError, DeviceError
from pytest_virtualpytest.process import status
from virtualpytest_host import recording, ring, state

_END_SECONDS = 3.0  # to end by itself; one that hangs in a driver is killed
_GONE_SECONDS = 5.0
_PICTURE_SECONDS = 10.0
_MODULE = b"virtualpytest_host.recorder"


def running() -> Iterator[tuple[int, Path]]:
    """Yield the process and the folder of each recorder."""
    place = os.fsencode(state.folder("recorders"))
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            words = _command(process)
            if words[1:3] == [b"-m", _MODULE] and words[3].startswith(place + b"/"):
                yield int(process.name), Path(os.fsdecode(words[3]))


def find(url: str) -> Source:
    """Return the source *url* of a recorder that runs; DeviceError that says which there are."""
    sources = [recording.source_of(place) for _, place in running()]
    for source in sources:
        if source.url == url:
            return source
    known = ", ".join(sorted(_shown(source.url) for source in sources)) or "none"
    raise DeviceError(f"no recorder of {_shown(url)!r} runs here; there are: {known}")


def restart(source: Source) -> dict[str, Any]:
    """End the recorder of *source* and start a new one; return their numbers, and what the new one says is wrong.

    Whoever reads from it meets a fault of the capture, and finds the new one with its next check.
    """
    place = recording.folder(source)
    ended = [pid for pid, other in running() if other == place]
    for pid in ended:
        _end(pid)
    with recording.Recording(source) as held:
        trouble = ""
        try:
            held.first(ring.VIDEO, time.monotonic() + _PICTURE_SECONDS)
        except CaptureError as error:
            trouble = error.message
    started = [pid for pid, other in running() if other == place]
    return {"source": str(held), "ended": ended, "started": started, "trouble": trouble}


def _end(pid: int) -> None:
    """End the recorder *pid*, with force if it does not listen."""
    for number, seconds in ((signal.SIGTERM, _END_SECONDS), (signal.SIGKILL, _GONE_SECONDS)):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        except PermissionError as error:
            raise DeviceError(f"the recorder {pid} is another account's, which must end it: kill {pid}") from error
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not any(status(pid)):
                return
            time.sleep(0.02)
    raise DeviceError(f"the recorder {pid} cannot be ended: its device hangs in the kernel; reset the USB port")


def _shown(url: str) -> str:
    return re.sub(r"\?.*", "?***", re.sub(r"//.+@", "//***@", url))


def _command(process: Path) -> list[bytes]:
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
    except OSError:  # it has ended
        words = []
    return [*words, b"", b"", b"", b""]
