"""The incidents of a host's devices, as they are kept: a folder for each device, within a quota and an age.

incidents/DEVICE/incidents.jsonl     a line for each incident as it begins, and again when it is over
incidents/DEVICE/ID.png              the picture at its begin
incidents/DEVICE/lock                who watches holds a flock on it
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import IO, Any, Self
from urllib.parse import quote, unquote

from pytest_virtualpytest.exceptions import DeviceError, VirtualPytestError
from pytest_virtualpytest.incident import Incident
from pytest_virtualpytest.wire import Reply
from virtualpytest_host import state

QUOTA = 256 << 20  # bytes for one device
DAYS = 30.0
_FILE = "incidents.jsonl"
_MOST = 500  # that one answer tells
_ID = re.compile(r"[0-9]+-[a-z]+")


class Keeper:
    """Writes the incidents of *device*; the only one who does, while it is open."""

    def __init__(self, device: str, quota: int = QUOTA, days: float = DAYS) -> None:
        self._folder, self._quota, self._days = _folder(device), quota, days
        self._lock = _alone(self._folder)
        for left in [one for one in _read(self._folder) if one.state == "open"]:  # whoever watched was killed
            self.keep(replace(left, state="unseen"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def keep(self, incident: Incident, picture: bytes = b"") -> None:
        """Write *incident* as it is now, with its *picture* as PNG; remove what is too old, or too much."""
        if picture:
            (self._folder / f"{incident.id}.png").write_bytes(picture)
        with (self._folder / _FILE).open("a", encoding="utf-8") as file:
            file.write(json.dumps(incident.to_wire()) + "\n")
        self._make_room()

    def close(self) -> None:
        """Let others watch."""
        self._lock.close()

    def _make_room(self) -> None:
        known = _read(self._folder)
        kept = [one for one in known if one.state == "open" or one.begin > time.time() - self._days * 86400]
        sizes = {one.id: self._size(one) for one in kept}
        while len(kept) > 1 and sum(sizes.values()) > self._quota:
            del sizes[kept.pop(0).id]
        if len(kept) < len(known):
            self._keep_only(kept)

    def _keep_only(self, kept: list[Incident]) -> None:
        fresh = self._folder / f".{_FILE}"
        fresh.write_text("".join(json.dumps(one.to_wire()) + "\n" for one in kept), encoding="utf-8")
        fresh.rename(self._folder / _FILE)
        names = {f"{one.id}.png" for one in kept}
        for path in self._folder.glob("*.png"):
            if path.name not in names:
                path.unlink()

    def _size(self, incident: Incident) -> int:
        path = self._folder / f"{incident.id}.png"
        return 2 * len(json.dumps(incident.to_wire())) + (path.stat().st_size if path.exists() else 0)


def listing(device: str | None = None, since: float = 0.0, most: int = _MOST) -> dict[str, Any]:
    """Return the newest incidents of *device*, or of all, that were not over at *since*; the newest first.

    ``watched`` names the devices that are watched now.
    """
    places = sorted(state.folder("incidents").iterdir()) if device is None else [_folder(device)]
    found = [one for place in places if place.is_dir() for one in _read(place)]
    found = [one for one in found if one.end is None or one.end >= since]
    found.sort(key=lambda one: one.begin, reverse=True)
    watched = [unquote(place.name) for place in places if place.is_dir() and _watched(place)]
    return {"incidents": [one.to_wire() for one in found[: min(most, _MOST)]], "watched": watched}


def picture(device: str, incident: str) -> Reply:
    """Return the picture of *incident* as PNG; DeviceError where there is none."""
    path = _folder(device) / f"{incident}.png"
    if not _ID.fullmatch(incident) or not path.is_file():
        raise DeviceError(f"device {device!r}: no picture of incident {incident!r} is kept")
    return Reply(None, [path.read_bytes()])


def _folder(device: str) -> Path:
    return state.folder("incidents", quote(device, safe="").replace(".", "%2E"))


def _read(folder: Path) -> list[Incident]:
    """Return the incidents in *folder*, the first that was told first; a line that was cut is left out."""
    path, found = folder / _FILE, dict[str, Incident]()
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        with contextlib.suppress(ValueError, TypeError):
            one = Incident.from_wire(json.loads(line))
            found[one.id] = one
    return list(found.values())


def _alone(folder: Path) -> IO[str]:
    lock = (folder / "lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.seek(0)
        pid = lock.read()
        lock.close()
        raise VirtualPytestError(f"process {pid} watches it already; it need not be watched twice") from None
    lock.truncate(0)
    lock.write(str(os.getpid()))
    lock.flush()
    return lock


def _watched(folder: Path) -> bool:
    with contextlib.suppress(FileNotFoundError), (folder / "lock").open(encoding="utf-8") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
