"""Watch a device's picture and sound for as long as it takes, and keep what goes wrong as incidents.

It reads the device's recording as any other reader does: it needs no lease, and is in nobody's way.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import cv2

from pytest_virtualpytest.exceptions import CaptureError, DeviceError
from pytest_virtualpytest.incident import Incident
from virtualpytest_host import ring, state
from virtualpytest_host.incidents import DAYS, QUOTA, Keeper
from virtualpytest_host.picture import Picture, encode_png
from virtualpytest_host.recording import Recording
from virtualpytest_host.sampling import Samples
from virtualpytest_host.spells import Spell
from virtualpytest_host.stream import Stream
from virtualpytest_host.vision.black import brightest
from virtualpytest_host.vision.still import Stillness

_TURN = 1.0
_END_SECONDS = 3.0
_WIDTH = 960
_CHANGE = 15  # gray levels, as `Frozen` has them
_QUIET = -60.0  # dBFS, as `Silence` has it

Holder = Callable[[], dict[str, Any] | None]


class Judges:
    """The spells of one device, fed from its recording; *limits* are the seconds after which each sort counts."""

    def __init__(self, limits: Mapping[str, float]) -> None:
        self.spells = {what: Spell(seconds) for what, seconds in limits.items()}
        self.why = ""
        self._still = Stillness(None, _CHANGE)
        self._shown: Picture | None = None

    @property
    def seen(self) -> bool:
        """Whether a picture has been judged yet."""
        return self._shown is not None

    def look(self, samples: Samples, recording: Recording) -> Iterator[tuple[str, str]]:
        """Yield what has begun or is over since the last look, as (sort, ``begun`` or ``over``)."""
        recording.check()
        for picture in samples.pictures():
            yield from self._see(picture)
        yield from self._hear(samples)

    def lose(self, why: str, recording: Recording | None) -> Iterator[tuple[str, str]]:
        """Yield what comes of a stream that does not come, because of *why*."""
        newest, now = recording.newest(ring.VIDEO) if recording else None, time.monotonic()
        lost, self.why = self.spells.get("lost"), why
        since = recording.captured(newest) if recording and newest else now
        yield from self._feed("lost", True, now, recording.interval() if recording else 0.0, self._shown, since=since)
        since = lost.begin if lost else since
        for what in ("black", "frozen", "silent"):
            yield from self._feed(what, False, since, 0.0)
        self._still.anchor = None

    def _see(self, picture: Picture) -> Iterator[tuple[str, str]]:
        at, error = picture.captured, picture.error
        lost = bool(picture.placeholder)
        self.why = f"the capture shows its own picture ({picture.placeholder})" if lost else ""
        yield from self._feed("lost", lost, at, error, picture)
        black = not lost and brightest(picture).level <= 20
        yield from self._feed("black", black, at, error, picture)
        if lost:
            yield from self._feed("silent", False, at, error)
        if lost or black:
            self._still.anchor = None
            yield from self._feed("frozen", False, at, error)
        else:
            yield from self._hold(picture)
        self._shown = picture

    def _hold(self, picture: Picture) -> Iterator[tuple[str, str]]:
        """Hold *picture* against the one since which nothing has moved."""
        self._still.see(picture)
        anchor = self._still.anchor or picture
        frozen = anchor is not picture
        yield from self._feed("frozen", frozen, picture.captured, picture.error, anchor, since=anchor.captured)

    def _hear(self, samples: Samples) -> Iterator[tuple[str, str]]:
        if self.why:
            samples.skip_sound()
        if self.why or "silent" not in self.spells:
            return
        try:
            for block in samples.sound():
                quiet = block.level < _QUIET
                yield from self._feed("silent", quiet, block.captured, block.error + block.seconds, self._shown)
        except CaptureError:  # the picture comes, and the sound does not
            yield from self._feed("silent", True, time.monotonic(), _TURN, self._shown)

    def _feed(self, what: str, so: bool, at: float, *rest: Any, **options: Any) -> Iterator[tuple[str, str]]:
        spell = self.spells.get(what)
        if spell and (news := spell.see(so, at, *rest, **options)):
            yield what, news


class Monitor:
    """A thread that watches *stream* and keeps the incidents of *device*, until it is closed."""

    def __init__(
        self, device: str, stream: Stream, holder: Holder, limits: Mapping[str, float],
        quota: int = QUOTA, days: float = DAYS,
    ) -> None:  # fmt: skip
        self._device, self._stream, self._holder = device, Stream(stream.source), holder
        self._keeper = Keeper(device, quota, days)
        self._judges = Judges(limits)
        self._open: dict[str, Incident] = {}
        self._news: list[Incident] = []
        self._failure: OSError | None = None
        self._lock, self._ended = threading.Lock(), threading.Event()
        self._samples: tuple[Recording, Samples] | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"monitor {device}")
        self._thread.start()

    def news(self) -> dict[str, Any]:
        """Return the ``incidents`` new since the last call, ``why`` there is no picture, whether one was ``seen``."""
        with self._lock:
            told, self._news = self._news, []
        if self._failure is not None:
            raise DeviceError(f"its incidents cannot be kept: {self._failure}")
        words = {"why": self._judges.why, "seen": self._judges.seen}
        return {"incidents": [one.to_wire() for one in told], **words}

    @property
    def failed(self) -> bool:
        """Whether it had to give up."""
        return self._failure is not None

    def close(self) -> None:
        """Watch no more; what is not over yet is kept as unseen."""
        self._ended.set()
        self._thread.join(_END_SECONDS)

    def _run(self) -> None:
        with self._keeper, contextlib.closing(self._stream):
            try:
                while not self._ended.is_set():
                    self._turn()
                    self._ended.wait(_TURN)
                for what, one in self._open.items():
                    self._keep(replace(one, state="unseen", end=_wall(self._judges.spells[what].last)))
            except OSError as error:  # the disk is full, or somebody took the folder away
                self._failure = error

    def _turn(self) -> None:
        recording = None
        try:
            recording = self._stream.recording()
            if self._samples is None or self._samples[0] is not recording:
                self._samples = recording, Samples(recording)
            self._take(self._judges.look(self._samples[1], recording))
        except CaptureError as error:
            self._take(self._judges.lose(error.message, recording))

    def _take(self, news: Iterator[tuple[str, str]]) -> None:
        for what, how in news:
            if how == "begun":
                self._begin(what)
            elif what in self._open:
                spell = self._judges.spells[what]
                over = replace(self._open.pop(what), state="over", end=_wall(spell.end), end_error=spell.end_error)
                self._keep(over)

    def _begin(self, what: str) -> None:
        spell = self._judges.spells[what]
        begin = _wall(spell.begin)
        self._open[what] = Incident(
            f"{begin * 1000:.0f}-{what}", self._device, what, begin, spell.begin_error,
            why=self._judges.why if what == "lost" else "", picture=spell.picture is not None,
            holder=self._holder(), captured=spell.begin, boot=state.boot(),
        )  # fmt: skip
        self._keep(self._open[what], _small(spell.picture) if spell.picture else b"")

    def _keep(self, incident: Incident, picture: bytes = b"") -> None:
        self._keeper.keep(incident, picture)
        with self._lock:
            self._news.append(incident)


class Attendant:
    """Watches a device for those who call; the first call begins it. *gone* tells that its process is to go, too."""

    def __init__(self, device: str, stream: Stream, holder: Holder, gone: Callable[[], bool]) -> None:
        self._device, self._stream, self._holder, self._gone = device, stream, holder, gone
        self._monitor: Monitor | None = None

    def watch(self, limits: Mapping[str, float], **keeping: Any) -> dict[str, Any]:
        """Watch from now on; return what is new since the last call, see :meth:`Monitor.news`."""
        if self._gone():  # the next one of its name is elsewhere
            raise DeviceError("its virtual device has ended; attach it to start it again")
        if self._monitor is None or self._monitor.failed:
            self._monitor = Monitor(self._device, self._stream, self._holder, limits, **keeping)
        return self._monitor.news()

    def close(self) -> dict[str, Any]:
        """Watch no more; return what was new."""
        monitor, self._monitor = self._monitor, None
        if monitor is None:
            return {"incidents": [], "why": "", "seen": False}
        monitor.close()
        return monitor.news()


def _small(picture: Picture) -> bytes:
    """Return *picture* as PNG, no wider than people need it."""
    colour = picture.bgr()
    if picture.width > _WIDTH:
        size = (_WIDTH, max(1, round(picture.height * _WIDTH / picture.width)))
        return encode_png(cv2.resize(colour, size, interpolation=cv2.INTER_AREA).astype(colour.dtype))
    return encode_png(colour)


def _wall(moment: float) -> float:
    """Return *moment* of CLOCK_MONOTONIC as seconds since the epoch."""
    return moment + time.time() - time.monotonic()
