"""The checks of a device's screen and sound, where the frames are captured."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import Any

from pytest_virtualpytest import targets
from pytest_virtualpytest.exceptions import CaptureError, VirtualPytestError
from pytest_virtualpytest.models import Sighting
from pytest_virtualpytest.wire import Reply
from virtualpytest_host import clip, state, vital
from virtualpytest_host.attempt import Attempt
from virtualpytest_host.hands import Inputs
from virtualpytest_host.live import Live
from virtualpytest_host.moments import moment
from virtualpytest_host.pace import Pace
from virtualpytest_host.picture import Picture
from virtualpytest_host.placeholder import refuse
from virtualpytest_host.sound import beside
from virtualpytest_host.stream import Stream
from virtualpytest_host.texts import Reads
from virtualpytest_host.times import Times
from virtualpytest_host.vision.judge import Judge
from virtualpytest_host.watch import Watch

_LOOK = 0.5  # seconds of frames that a target with a memory is shown by `find`
_PLAIN = targets.Motion, targets.Frozen, targets.Spinner, targets.SignalLost, targets.Heard
_REMEMBERING = (*_PLAIN, targets.Appears, targets.Gone, targets.Then, targets.ForSeconds)

References = Callable[[str], bytes]


class Screen(Reads, Times, Live):
    """What a device shows: each method is one call of a client."""

    def __init__(self, stream: Stream, inputs: Inputs, references: References) -> None:
        self._stream, self._inputs, self._references = stream, inputs, references
        self._watches: dict[int, Watch] = {}
        self._records: dict[int, float] = {}
        self._numbers = itertools.count(1)

    def frame(self) -> Reply:
        """Return the newest frame captured after the last input, as PNG."""
        picture = self._stream.after(self._inputs.last)
        facts = {"width": picture.width, "height": picture.height, "captured": picture.captured, "boot": state.boot()}
        return Reply(facts, [picture.png()])

    def hold(self) -> Reply:
        """Keep the newest frame captured after the last input, and return when that was."""
        self._still = self._stream.after(self._inputs.last)
        return Reply({"captured": self._still.captured, "boot": state.boot()})

    def find(self, target: Mapping[str, Any], at: float | None = None) -> Reply:
        """Return whether *target* is there now, or in the frame captured *at* a time."""
        wanted = targets.from_wire(target)
        judge = Judge(wanted, self._references, beside.live(self._stream))
        if at is not None and _remembers(wanted):
            raise VirtualPytestError(f"{wanted}: one frame cannot tell; wait for it")
        if not _remembers(wanted):
            picture = self._picture(at)
            return Reply(self._told(judge.see(picture), picture).to_wire())
        look = _LOOK + targets.memory(wanted)
        since = max(self._inputs.last, self._stream.now() - look)
        told = None
        end = max(time.monotonic(), self._inputs.last + look)
        for picture in self._stream.frames(since, lambda: end + self._stream.late):
            if not targets.asks_for_signal(wanted):
                refuse(picture)
            seen = judge.see(picture)
            told = self._told(seen, picture)
            if seen or picture.captured >= end:
                break
        if told is None:
            raise CaptureError(f"no frame within {look + self._stream.late:.1f} s of the last input")
        return Reply(told.to_wire())

    def find_all(self, target: Mapping[str, Any], at: float | None = None) -> Reply:
        """Return every place where *target* is now, or in the frame captured *at* a time."""
        judge = Judge(targets.from_wire(target), self._references)
        picture = self._picture(at)
        return Reply([self._told(one, picture).to_wire() for one in judge.find_all(picture)])

    def wait_for(
        self, target: Mapping[str, Any], timeout: float, since: Mapping[str, Any] | float | None = None
    ) -> Reply:
        """Return the first sighting of *target* in the frames captured within *timeout* seconds of *since*, or NotSeen.

        *since* is a press, a frame, a number of seconds ago, or None for the newest frame. Every frame is judged,
        unless reading takes longer than frames take to come; the one before *since* is what `Appears` and the like
        compare with, unless *since* is a frame itself.
        """
        wanted = targets.from_wire(target)
        judge = Judge(wanted, self._references, beside.live(self._stream))
        begin = self._begin(since)
        end = (begin if since is not None else time.monotonic()) + timeout
        attempt, pace = Attempt(wanted, begin, end, timeout), Pace(wanted, judge, self._stream)
        late, before = self._stream.late, not _is_frame(since)
        frames = self._stream.frames(begin, lambda: end + late, whole=since is not None, before=before)
        found = attempt.made(frames, pace)
        if found is None:
            raise attempt.error(judge, self._told)
        return Reply(replace(self._told(*found), skipped=pace.skipped).to_wire())

    def never_start(self, targets: list[Mapping[str, Any]]) -> Reply:
        """Begin to judge every frame against *targets*."""
        number = next(self._numbers)
        self._watches[number] = Watch(self._stream.source, targets, self._references, self._stream.now())
        return Reply({"id": number})

    def never_stop(self, id: int) -> Reply:  # noqa: A002  # the wire's word
        """Return how many frames were judged, or raise Seen, or what went wrong meanwhile."""
        watch = self._watches.pop(id, None)
        if watch is None:
            raise VirtualPytestError(f"no check {id} is going on: the device's process was started again")
        return Reply({"frames": watch.stop(self._told)})

    def record_start(self) -> Reply:
        """Note the beginning of a clip."""
        number = next(self._numbers)
        self._records[number] = self._stream.newest()
        return Reply({"id": number})

    def record_stop(self, id: int) -> Reply:  # noqa: A002  # the wire's word
        """Return the clip from its beginning until now."""
        begin = self._records.pop(id, None)
        if begin is None:
            raise VirtualPytestError(f"no recording {id} is going on: the device's process was started again")
        return self._clip(begin)

    def clip(self, seconds: float) -> Reply:
        """Return the last *seconds* as MP4."""
        return self._clip(self._stream.newest() - seconds)

    def status(self) -> Reply:
        """Return what the recorder sees."""
        return Reply(asdict(vital.signs(self._stream.recording())))

    def close(self) -> None:
        """Stop every check that goes on."""
        for watch in self._watches.values():
            watch.close()
        self._stream.close()

    def _clip(self, begin: float) -> Reply:
        data, seconds, captured = clip.cut(self._stream.recording(), begin, time.monotonic())
        return Reply({"seconds": seconds, "captured": captured}, [data])

    def _begin(self, since: Mapping[str, Any] | float | None) -> float:
        return max(self._stream.now(), self._inputs.last) if since is None else moment(since)

    def _told(self, seen: Sighting, picture: Picture) -> Sighting:
        """Return *seen* in *picture* with what only the stream knows."""
        seconds, calibrated = self._stream.recording().interval(), self._stream.source.latency is not None
        boot, piece = state.boot(), picture.generation
        return replace(seen, boot=boot, stream=piece, frame_seconds=seconds, calibrated=calibrated)


def _is_frame(since: Mapping[str, Any] | float | None) -> bool:
    """Tell whether *since* is the moment of a frame: it has no length, as a press has."""
    return isinstance(since, Mapping) and since["before"] == since["after"]


def _remembers(target: targets.Target) -> bool:
    """Tell whether one frame cannot decide on *target*."""
    members: tuple[targets.Target, ...] = getattr(target, "targets", ())
    return isinstance(target, _REMEMBERING) or any(_remembers(member) for member in members)
