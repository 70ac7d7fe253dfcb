"""Find a source's recorder, or start it: one process for each source, whoever asks first.

A recorder has a folder: ``source.json``, ``lock`` (it holds a flock while it lives), ``start.lock``,
``streams.json`` (what it sees, or why it sees nothing). Its ring and its socket are in a room of their own,
in shared memory where the machine has it. A connection to the socket says "I read"; the recorder answers
with one byte for each packet.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import json
import os
import re
import select
import socket
import stat
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from pytest_virtualpytest.capabilities import Source
from pytest_virtualpytest.exceptions import CaptureError
from virtualpytest_host import needs, ring, state

SILENCE = 3.0  # seconds without a packet after which a stream has stalled
RING, SOCKET = "ring", "sock"
_START_SECONDS = 15.0
_SHARED = Path("/dev/shm")
_WORDS = {ring.VIDEO: ("picture", "video"), ring.AUDIO: ("sound", "audio")}


def folder(source: Source) -> Path:
    """Return the folder of the recorder of *source*; what only its readers need does not count."""
    import hashlib  # late: the recorder does without its 4 MB

    text = json.dumps({"url": source.url, "format": source.format, "options": dict(source.options)}, sort_keys=True)
    place = state.folder("recorders", hashlib.sha256(text.encode()).hexdigest()[:24])
    if not (place / "source.json").exists():
        fresh = place / f"source.{os.getpid()}"
        fresh.write_text(text, encoding="utf-8")
        share(fresh, place)
        fresh.rename(place / "source.json")
    return place


def source_of(place: Path) -> Source:
    """Return the source that the recorder in *place* records."""
    return Source(**json.loads((place / "source.json").read_text(encoding="utf-8")))


def room(place: Path) -> Path:
    """Return the folder of the ring and the socket of the recorder in *place*, made if it is not there.

    It is as private as *place*: shared memory itself is open to every account.
    """
    status = place.stat()
    shared = _SHARED / f"virtualpytest-{status.st_dev:x}-{status.st_ino:x}"
    try:
        shared.mkdir(mode=0o700)
        os.chown(shared, -1, status.st_gid)
        shared.chmod(stat.S_IMODE(status.st_mode))
    except FileExistsError:
        pass
    except OSError:
        return place
    found = shared.lstat()
    ours = found.st_uid == os.getuid() or found.st_gid == status.st_gid
    return shared if ours and stat.S_ISDIR(found.st_mode) and not found.st_mode & stat.S_IWOTH else place


def forget(place: Path) -> None:
    """Remove the ring and the socket in the room *place* of a recorder that ends."""
    for name in (RING, SOCKET):
        (place / name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # a recorder's folder, where there is no shared memory
        place.rmdir()


def sweep() -> None:
    """Forget the rooms that killed recorders have left: nobody holds the lock of their rings."""
    for path in _SHARED.glob(f"virtualpytest-*/{RING}"):
        with contextlib.suppress(OSError), path.open("rb") as ring_file:  # in use, another account's, or just gone
            fcntl.flock(ring_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(path.stat(), os.fstat(ring_file.fileno())):
                forget(path.parent)


def share(path: Path, place: Path) -> None:
    """Let the group of the folder *place*, and nobody else, use *path* as its owner may."""
    with contextlib.suppress(PermissionError):  # another account's file, or not a member of the group
        os.chown(path, -1, place.stat().st_gid)
        path.chmod(0o660)


class Recording:
    """A reader's hold on a recorder: its ring, its word about the streams, and its heartbeat.

    Each thread opens its own; it costs a millisecond.
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self._place = folder(source)
        with _locked(self._place / "start.lock"):
            self._socket, self.ring = self._connected()
        self._socket.setblocking(False)
        self._word: tuple[object, dict[str, Any]] = (None, {})
        self._pace = (0.0, 0.0)  # when the frames' interval was last found out, and what it was

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __str__(self) -> str:
        return re.sub(r"\?.*", "?***", re.sub(r"//.+@", "//***@", self.source.url))

    def close(self) -> None:
        """End this hold; the recorder lives on for a while."""
        self._socket.close()
        self.ring.close()

    @property
    def recorder(self) -> int:
        """The number of the process that records."""
        told = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        number: int = struct.unpack("3i", told)[0]
        return number

    def wait(self, seconds: float) -> None:
        """Wait for the next packet or news, at most *seconds*; CaptureError if the recorder has died."""
        ready, _, _ = select.select([self._socket], [], [], max(0.0, seconds))
        if ready and not self._drain():
            raise CaptureError(f"the recorder of {self} ended; its log: {self._place / 'recorder.log'}")

    def facts(self, generation: int, kind: str) -> dict[str, Any] | None:
        """Return what the recorder says of the ``video`` or ``audio`` of *generation*, None if it has none."""
        found: dict[str, Any] | None = self._told().get("generations", {}).get(str(generation), {}).get(kind)
        return found

    def began(self) -> float:
        """Return when the recorder was started: what it could see since then is in the ring, or was overwritten."""
        return float(self._told()["began"])

    def captured(self, entry: ring.Entry) -> float:
        """Return when *entry* was on the device's output, as far as the capture's latency is known."""
        return entry.captured - (self.source.latency or 0.0)

    def error(self, entry: ring.Entry) -> float:
        """Return how far :meth:`captured` may be off: half a frame, and what is known of latency and jitter."""
        frame = self.interval()
        return entry.error + (frame if self.source.latency is None else frame / 2 + self.source.latency_error)

    def interval(self) -> float:
        """Return the seconds from one frame to the next, as the newest ones came; looked up once a second."""
        now = time.monotonic()
        if now - self._pace[0] >= 1:
            self._pace = now, self._interval()
        return self._pace[1]

    def check(self, stream: int = ring.VIDEO, since: float = 0.0) -> None:
        """Raise CaptureError if *stream* has brought nothing for a while, or could not be opened at all.

        Whoever looks from *since* on lets a recorder whose source is back have the time to open it again.
        """
        newest, why = self.newest(stream), self._told().get("cause", "")
        age = time.monotonic() - newest.arrival if newest else SILENCE if why else 0.0
        if age >= SILENCE and (newest is None or time.monotonic() - since >= SILENCE):
            raise CaptureError(f"no {_WORDS[stream][0]} from {self}: {why or f'no packet for {age:.1f} s'}")

    def newest(self, stream: int) -> ring.Entry | None:
        """Return the newest packet of *stream*, or None if the ring holds none."""
        for number in range(self.ring.newest, 0, -1):
            entry = self.ring.entry(number)
            if entry is None or entry.stream == stream:
                return entry
        return None

    def first(self, stream: int, deadline: float) -> ring.Entry:
        """Return the newest packet of *stream*; wait for one until *deadline*, or raise CaptureError."""
        kind, name = _WORDS[stream]
        while (entry := self.newest(stream)) is None:
            self.check(stream)
            other = self.ring.entry(self.ring.newest)
            if other and not self.facts(other.generation, name):
                raise CaptureError(f"no {kind} from {self}: its stream has none")
            if time.monotonic() > deadline:
                raise CaptureError(f"no {kind} from {self}: no packet since it was opened")
            self.wait(min(0.2, deadline - time.monotonic()))
        return entry

    def _connected(self) -> tuple[socket.socket, ring.Reader]:
        """Return a connection to the recorder, which is started where there is none, and its ring."""
        end = time.monotonic() + _START_SECONDS
        while True:
            if not _alive(self._place):
                _start(self._place)
            connection = socket.socket(socket.AF_UNIX)
            try:
                connection.connect(str(room(self._place) / SOCKET))
                return connection, ring.Reader(room(self._place) / RING)
            except (FileNotFoundError, ConnectionRefusedError):  # it is just ending
                connection.close()
                if time.monotonic() > end:
                    raise CaptureError(f"the recorder of {self} lives, but does not answer: {self._place}") from None
                time.sleep(0.02)

    def _interval(self) -> float:
        facts: dict[str, Any] = {}
        times: list[float] = []
        for number in range(self.ring.newest, max(0, self.ring.newest - 100), -1):
            entry = self.ring.entry(number)
            if entry and entry.stream == ring.VIDEO:
                facts = facts or self.facts(entry.generation, "video") or {"base": [1, 90000], "interval": 0.04}
                times.append(entry.pts * facts["base"][0] / facts["base"][1])
        times.sort()
        steps = sorted(after - before for before, after in itertools.pairwise(times) if after > before)
        return steps[len(steps) // 2] if len(steps) > 8 else float(facts.get("interval", 0.04))

    def _told(self) -> dict[str, Any]:
        path = self._place / "streams.json"
        status = path.stat()
        stamp = status.st_ino, status.st_mtime_ns, status.st_size
        if stamp != self._word[0]:
            self._word = stamp, json.loads(path.read_text(encoding="utf-8"))
        return self._word[1]

    def _drain(self) -> bool:
        """Read what there is; tell whether more may come: the end may stand behind the last bytes."""
        try:
            while self._socket.recv(65536):
                pass
        except BlockingIOError:
            return True
        except ConnectionError:
            return False
        return False


@contextlib.contextmanager
def _locked(path: Path, how: int = fcntl.LOCK_EX) -> Iterator[None]:
    with path.open("a") as lock:
        share(path, path.parent)
        fcntl.flock(lock, how)
        yield


def _alive(place: Path) -> bool:
    try:
        with _locked(place / "lock", fcntl.LOCK_EX | fcntl.LOCK_NB):
            return False
    except BlockingIOError:
        return True


def _start(place: Path) -> None:
    with needs.host_extra("the recorder"):
        import av  # noqa: F401  # a missing package is told here, not in a log
    command = [sys.executable, "-m", "virtualpytest_host.recorder", str(place)]
    linger = ["--linger", os.environ["VPT_LINGER"]] if "VPT_LINGER" in os.environ else []
    path = place / "recorder.log"
    path.unlink(missing_ok=True)
    with path.open("wb") as log:
        share(path, place)
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
