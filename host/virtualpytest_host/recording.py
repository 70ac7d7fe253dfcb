"""Find a source's recorder, or start it: one process for each source, whoever asks first.

A recorder has a folder: ``source.json``, ``lock`` (it holds a flock while it lives), ``start.lock``,
``streams.json`` (what it sees, or why it sees nothing). Its ring and its socket are in shared memory
where the machine has it. A connection to the socket says "I read"; the recorder answers with one byte for each packet.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import hashlib
import json
import os
import select
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_virtualpytest.capabilities import Source
from pytest_virtualpytest.exceptions import CaptureError
from virtualpytest_host import needs, ring, state

SILENCE = 3.0  # seconds without a packet after which a stream has stalled
_START_SECONDS = 15.0


def folder(source: Source) -> Path:
    """Return the folder of the recorder of *source*."""
    facts = {"url": source.url, "format": source.format, "options": dict(source.options)}
    facts |= {"latency": source.latency, "latency_error": source.latency_error}
    text = json.dumps(facts, sort_keys=True)
    place = state.folder("recorders", hashlib.sha256(text.encode()).hexdigest()[:24])
    if not (place / "source.json").exists():
        (place / "source.json").write_text(text, encoding="utf-8")
    return place


def memory(place: Path, suffix: str) -> Path:
    """Return the path of the ring or the socket of the recorder in *place*."""
    shared = Path("/dev/shm")
    if not os.access(shared, os.W_OK):
        return place / f"r.{suffix}"
    name = hashlib.sha256(str(place.resolve()).encode()).hexdigest()[:24]
    return shared / f"virtualpytest-{name}.{suffix}"


class Recording:
    """A reader's hold on a recorder: its ring, its word about the streams, and its heartbeat."""

    def __init__(self, source: Source) -> None:
        self._place = folder(source)
        self._url = source.url
        with _alone(self._place):
            if not _alive(self._place):
                _start(self._place)
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.connect(str(memory(self._place, "sock")))
        self._socket.setblocking(False)
        self.ring = ring.Reader(memory(self._place, "ring"))
        self._streams: tuple[int, dict[str, Any]] = (-1, {})

    def close(self) -> None:
        """End this hold; the recorder lives on for a while."""
        self._socket.close()
        self.ring.close()

    def wait(self, seconds: float) -> None:
        """Wait for the next packet or news, at most *seconds*; CaptureError if the recorder has died."""
        ready, _, _ = select.select([self._socket], [], [], max(0.0, seconds))
        if ready and not self._drain():
            raise CaptureError(f"the recorder of {self._url} ended; its log: {self._place / 'recorder.log'}")

    def streams(self) -> dict[str, Any]:
        """Return what the recorder says of its streams: ``video``, ``audio``, and ``cause`` if there are none."""
        path = self._place / "streams.json"
        stamp = path.stat().st_mtime_ns if path.exists() else 0
        if stamp != self._streams[0]:
            self._streams = (stamp, json.loads(path.read_text(encoding="utf-8")) if stamp else {})
        return self._streams[1]

    def check(self) -> None:
        """Raise CaptureError if the source delivers nothing now."""
        cause = self.streams().get("cause")
        if cause:
            raise CaptureError(f"no picture from {self._url}: {cause}")
        newest = self.ring.entry(self.ring.newest)
        if newest and (age := time.monotonic() - newest.arrival) > SILENCE:
            raise CaptureError(f"no picture from {self._url}: no packet for {age:.1f} s")

    def newest(self, stream: int) -> ring.Entry | None:
        """Return the newest packet of *stream*, or None if the ring holds none."""
        for number in range(self.ring.newest, 0, -1):
            entry = self.ring.entry(number)
            if entry is None or entry.stream == stream:
                return entry
        return None

    def first(self, stream: int, deadline: float) -> ring.Entry:
        """Return the newest packet of *stream*; wait for one until *deadline*, or raise CaptureError."""
        kind = "picture" if stream == ring.VIDEO else "sound"
        while (entry := self.newest(stream)) is None:
            self.check()
            if self.ring.newest and not self.streams().get("video" if stream == ring.VIDEO else "audio", True):
                raise CaptureError(f"no {kind} from {self._url}: the stream has none")
            if time.monotonic() > deadline:
                raise CaptureError(f"no {kind} from {self._url}: no packet since it was opened")
            self.wait(min(0.2, deadline - time.monotonic()))
        return entry

    def _drain(self) -> bool:
        try:
            while data := self._socket.recv(65536):
                if len(data) < 65536:
                    return True
        except BlockingIOError:
            return True
        return False


@contextlib.contextmanager
def _alone(place: Path) -> Iterator[None]:
    with (place / "start.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _alive(place: Path) -> bool:
    with (place / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _start(place: Path) -> None:
    with needs.host_extra("the recorder"):
        import av  # noqa: F401  # a missing package is told here, not in a log
    command = [sys.executable, "-m", "virtualpytest_host.recorder", str(place)]
    linger = ["--linger", os.environ["VPT_LINGER"]] if "VPT_LINGER" in os.environ else []
    with (place / "recorder.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, *linger],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
        )
    assert process.stdout is not None
    with process.stdout as output:
        ready, _, _ = select.select([output], [], [], _START_SECONDS)
        if not ready or output.readline() != b"ready\n":
            process.kill()
            process.wait()
            raise CaptureError(f"the recorder did not start; its log: {place / 'recorder.log'}")
    process.returncode = 0  # it outlives this process on purpose; nobody waits for it


def source_of(place: Path) -> Source:
    """Return the source that the recorder in *place* records."""
    return Source(**json.loads((place / "source.json").read_text(encoding="utf-8")))


def plain(source: Source) -> dict[str, Any]:
    """Return *source* as plain values."""
    return dataclasses.asdict(source)
