"""Start, share and end the virtual devices of this account."""

from __future__ import annotations

import contextlib
import fcntl
import http.client
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host import state
from virtualpytest_host.virtual.tenancy import taken

_MODULES = {
    "stb": "virtualpytest_host.virtual.box",
    "phone": "virtualpytest_host.virtual.phone",
    "desktop": "virtualpytest_host.virtual.desktop",
}
KINDS = tuple(_MODULES)
_START_SECONDS = 20.0
_END_SECONDS = 5.0
_ANSWER_SECONDS = 5.0


@dataclass
class Attachment:
    """A use of a running virtual device; it may end once all its uses are closed."""

    controllers: list[dict[str, Any]]
    _users: IO[str]

    def close(self) -> None:
        """End this use."""
        self._users.close()


def folder(name: str) -> Path:
    """Return the folder of the virtual device *name*."""
    return state.folder("virtual", quote(name, safe=""))


def attach(kind: str, name: str, options: Sequence[str] = ()) -> Attachment:
    """Return a use of the virtual device *name*, started with *options* if it does not run."""
    if kind not in KINDS:
        raise DeviceError(f"unknown kind of virtual device {kind!r}; known: {', '.join(KINDS)}")
    place = folder(name)
    with _alone(place), contextlib.ExitStack() as unless_started:
        users = unless_started.enter_context((place / "users").open("a"))
        fcntl.flock(users, fcntl.LOCK_SH)
        if not _runs(place):
            _start(place, kind, name, options)
        attachment = Attachment(_controllers(_read(place)), users)
        unless_started.pop_all()
    return attachment


def pin(kind: str, name: str) -> None:
    """Start *name* and keep it without users until :func:`stop`."""
    attachment = attach(kind, name)
    (folder(name) / "pinned").touch()
    attachment.close()


def stop(name: str) -> bool:
    """End *name*, whoever uses it; tell whether it ran."""
    place = folder(name)
    (place / "pinned").unlink(missing_ok=True)
    with _alone(place):
        if not taken(place / "box.lock"):
            return False
        with contextlib.suppress(ProcessLookupError):  # it ended by itself just now
            os.kill(int(_read(place)["pid"]), signal.SIGTERM)
        _await_end(place, "was told to end and")
    return True


def running() -> list[str]:
    """Return the names of the virtual devices that run."""
    names = [json.loads(path.read_text())["name"] for path in state.folder("virtual").glob("*/state.json")]
    return sorted(name for name in names if taken(folder(name) / "box.lock"))


@contextlib.contextmanager
def _alone(place: Path) -> Iterator[None]:
    with (place / "start.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _runs(place: Path) -> bool:
    """Tell whether the box runs and answers; the end of one that was killed a moment ago is waited for."""
    if not taken(place / "box.lock"):
        return False
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection("127.0.0.1", _read(place)["ports"]["control"], timeout=_ANSWER_SECONDS)
        with contextlib.closing(connection):
            connection.request("GET", "/state")
            return connection.getresponse().status == 200
    _await_end(place, "does not answer and")
    return False


def _start(place: Path, kind: str, name: str, options: Sequence[str]) -> None:
    box = [sys.executable, "-m", _MODULES[kind], "--name", name, "--folder", str(place)]
    linger = ["--linger", os.environ["VPT_LINGER"]] if "VPT_LINGER" in os.environ else []
    with (place / "box.log").open("wb") as log:
        shell = subprocess.Popen(  # it ends at once: the box is nobody's child
            ["/bin/sh", "-c", '"$@" &', "sh", *box, *linger, *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    assert shell.stdout is not None
    with shell.stdout as output:
        shell.wait()
        if not _ready(output.fileno()):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGKILL)
            raise DeviceError(f"virtual device {name!r} did not start: {_reason(place)}")


def _ready(output: int) -> bool:
    """Wait until the box says that it is ready, whatever its libraries say before; tell whether it did."""
    deadline, said = time.monotonic() + _START_SECONDS, b""
    while b"ready\n" not in said:
        readable, _, _ = select.select([output], [], [], max(0, deadline - time.monotonic()))
        piece = os.read(output, 4096) if readable else b""
        if not piece:
            return False
        said += piece
    return True


def _reason(place: Path) -> str:
    log = place / "box.log"
    lines = log.read_text(errors="replace").strip().splitlines()
    said, _, ours = lines[-1].partition(f"{DeviceError.__name__}: ") if lines else ("", "", "")
    return f"{ours or said} (log: {log})" if lines else f"no output within {_START_SECONDS:.0f} s"


def _await_end(place: Path, why: str) -> None:
    deadline = time.monotonic() + _END_SECONDS
    while taken(place / "box.lock"):
        if time.monotonic() > deadline:
            box = _read(place)
            raise DeviceError(
                f"virtual device {box['name']!r} {why} did not end within {_END_SECONDS:g} s; "
                f"it is process {box['pid']}: kill -KILL {box['pid']}"
            )
        time.sleep(0.02)


def _read(place: Path) -> dict[str, Any]:
    data: dict[str, Any] = json.loads((place / "state.json").read_text(encoding="utf-8"))
    return data


def _controllers(box: dict[str, Any]) -> list[dict[str, Any]]:
    settings = {"phone": _phone, "desktop": _desktop}.get(box.get("kind", ""), _box)(box)
    return [{"name": name, "controller": name, "gives": None, "settings": value} for name, value in settings.items()]


def _phone(box: dict[str, Any]) -> dict[str, dict[str, Any]]:
    key = state.folder("keys") / "adbkey"  # a virtual phone need not know the user's own
    return {"adb": {"address": f"127.0.0.1:{box['ports']['adb']}", "key": str(key)}}


def _desktop(box: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {"desktop": {"display": box["display"]}}


def _box(box: dict[str, Any]) -> dict[str, dict[str, Any]]:
    address = {side: f"http://127.0.0.1:{port}" for side, port in box["ports"].items()}
    no_signal = str(resources.files("virtualpytest_host.virtual") / "pictures" / "no-signal.png")
    return {
        "video": {"source": f"{address['video']}/stream.ts", "format": "mpegts", "placeholders": [no_signal]},
        "ecp": {"url": address["keys"]},
        "tasmota": {"url": address["power"]},
    }
