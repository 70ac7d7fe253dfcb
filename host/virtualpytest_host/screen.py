"""The checks of a device's screen and sound, where the frames are captured."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from pytest_virtualpytest import targets
from pytest_virtualpytest.capabilities import Source
from pytest_virtualpytest.exceptions import CaptureError, NotSeen, VirtualPytestError
from pytest_virtualpytest.models import Sighting, StreamStatus
from pytest_virtualpytest.wire import Reply
from virtualpytest_host import clip, ring, state
from virtualpytest_host.hands import Inputs
from virtualpytest_host.picture import Picture
from virtualpytest_host.placeholder import Placeholders
from virtualpytest_host.player import Player
from virtualpytest_host.recording import Recording
from virtualpytest_host.sound import level
from virtualpytest_host.vision.judge import Judge
from virtualpytest_host.watch import Watch

FRAME_SECONDS = 5.0  # how long a check that asks waits for a frame
_LATE = 0.3  # seconds that a frame may be on its way
_BEFORE = 0.2  # seconds before `since` in which there is a frame
_LOOK = 0.5  # seconds of frames that a target with a memory is shown by `find`
_REMEMBERING = (targets.Motion, targets.Appears, targets.Gone, targets.Then)

References = Callable[[str], bytes]


class Stream:
    """One source's recording, opened on need and again after its recorder has died."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.placeholders = Placeholders(source.placeholders)
        self._open: Recording | None = None

    def recording(self) -> Recording:
        """Return the recording, alive."""
        if self._open is not None:
            try:
                self._open.wait(0)
            except CaptureError:
                self.close()
        if self._open is None:
            self._open = Recording(self.source)
        return self._open

    def frames(self, since: float | None, deadline: Callable[[], float]) -> Iterator[Picture]:
        """Yield every picture from *since* on until *deadline*; CaptureError where there is none to judge."""
        player = Player(self.recording(), since)
        while (picture := player.next(deadline())) is not None:
            self.placeholders.refuse(picture)
            yield picture

    def newest(self) -> float:
        """Return the capture time of the newest picture."""
        recording = self.recording()
        return recording.captured(recording.first(ring.VIDEO, time.monotonic() + FRAME_SECONDS))

    def close(self) -> None:
        """Give the recording back."""
        if self._open is not None:
            self._open.close()
            self._open = None


class Screen:
    """What a device shows: each method is one call of a client."""

    def __init__(self, stream: Stream, inputs: Inputs, references: References) -> None:
        self._stream, self._inputs, self._references = stream, inputs, references
        self._watches: dict[int, Watch] = {}
        self._records: dict[int, float] = {}
        self._numbers = itertools.count(1)

    def frame(self) -> Reply:
        """Return the newest frame captured after the last input, as PNG."""
        picture = self._first()
        facts = {"width": picture.width, "height": picture.height, "captured": picture.captured, "boot": state.boot()}
        return Reply(facts, [picture.png()])

    def find(self, target: Mapping[str, Any]) -> Reply:
        """Return whether *target* is there now."""
        wanted = targets.from_wire(target)
        judge = Judge(wanted, self._references)
        if not isinstance(wanted, _REMEMBERING):
            return Reply(self._told(judge.see(self._first())).to_wire())
        since = max(self._inputs.last, self._stream.newest() - _LOOK)
        seen = None
        end = max(time.monotonic(), self._inputs.last + _LOOK) + _LATE
        for picture in self._stream.frames(since, lambda: end):
            seen = judge.see(picture)
            if seen or picture.captured > max(since + 2 * _LOOK, end):
                break
        if seen is None:
            raise CaptureError(f"no frame within {_LOOK + _LATE:.1f} s of the last input")
        return Reply(self._told(seen).to_wire())

    def find_all(self, target: Mapping[str, Any]) -> Reply:
        """Return every place where *target* is now."""
        judge = Judge(targets.from_wire(target), self._references)
        return Reply([self._told(one).to_wire() for one in judge.find_all(self._first())])

    def wait_for(
        self, target: Mapping[str, Any], timeout: float, since: Mapping[str, Any] | float | None = None
    ) -> Reply:
        """Return the first sighting of *target* in the frames captured within *timeout* seconds of *since*, or NotSeen.

        *since* is a press, a number of seconds ago, or None for the newest frame. Every frame is judged; the one
        before *since* is what `Appears` and the like compare with.
        """
        wanted = targets.from_wire(target)
        judge = Judge(wanted, self._references)
        begin = self._begin(since)
        end = (begin if since is not None else time.monotonic()) + timeout
        attempt = Attempt()
        for picture in self._stream.frames(begin - (_BEFORE if since is not None else 0), lambda: end + _LATE):
            if picture.captured > end:
                break
            if picture.captured < begin:
                judge.begin(picture)
                continue
            seen = judge.see(picture)
            if seen:
                return Reply(self._told(seen).to_wire())
            attempt.failed(picture, seen)
        raise attempt.error(wanted, timeout, judge, self._told)

    def never_start(self, targets: list[Mapping[str, Any]]) -> Reply:
        """Begin to judge every frame against *targets*."""
        number = next(self._numbers)
        self._watches[number] = Watch(self._stream.source, targets, self._references, self._stream.newest())
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
        return Reply(asdict(_status(self._stream.recording())))

    def close(self) -> None:
        """Stop every check that goes on."""
        for watch in self._watches.values():
            watch.close()
        self._stream.close()

    def _clip(self, begin: float) -> Reply:
        data, seconds, captured = clip.cut(self._stream.recording(), begin, time.monotonic())
        return Reply({"seconds": seconds, "captured": captured}, [data])

    def _first(self) -> Picture:
        """Return the newest picture, or the first one after the last input if that is yet to come."""
        since = max(self._stream.newest(), self._inputs.last)
        end = time.monotonic() + FRAME_SECONDS
        for picture in self._stream.frames(since, lambda: end):
            return picture
        raise CaptureError(f"no frame within {FRAME_SECONDS:.1f} s of the last input")

    def _begin(self, since: Mapping[str, Any] | float | None) -> float:
        if since is None:
            return max(self._stream.newest(), self._inputs.last)
        if isinstance(since, (int, float)):
            return time.monotonic() - since
        if since["boot"] != state.boot():
            raise VirtualPytestError("`since` is from another boot, or another machine, than this device's host")
        return float(since["before"])

    def _told(self, seen: Sighting) -> Sighting:
        """Return *seen* with what only the stream knows."""
        seconds, calibrated = self._stream.recording().interval(), self._stream.source.latency is not None
        return replace(seen, boot=state.boot(), frame_seconds=seconds, calibrated=calibrated)


class Attempt:
    """What a check that waits has seen so far."""

    def __init__(self) -> None:
        self._frames = 0
        self._best: tuple[Sighting, Picture] | None = None
        self._last: Picture | None = None

    def failed(self, picture: Picture, seen: Sighting) -> None:
        """Take note of a frame without the target."""
        self._frames += 1
        self._last = picture
        if self._best is None or seen.score >= self._best[0].score:
            self._best = (seen, picture)

    def error(
        self, wanted: targets.Target, timeout: float, judge: Judge, told: Callable[[Sighting], Sighting]
    ) -> VirtualPytestError:
        """Return the error: what was looked for, how long, and why it was not there."""
        if self._best is None or self._last is None:
            return CaptureError(f"no frame to look for {wanted} in, within {timeout:g} s")
        seen, picture = self._best
        place = f", nearest at {seen.region}" if seen.region else ""
        message = (
            f"{wanted} not seen within {timeout:g} s ({self._frames} frames{place}): "
            f"score {seen.score:.3f} of {seen.threshold:.3f}" + (f"; {seen.why}" if seen.why else "")
        )
        pictures = {"frame": self._last.png(), "annotated": judge.annotated(picture, seen)}
        return NotSeen(message, details={"sighting": told(seen).to_wire(), "frames": self._frames}, pictures=pictures)


def _status(recording: Recording) -> StreamStatus:
    newest = recording.first(ring.VIDEO, time.monotonic() + FRAME_SECONDS)
    recording.check()
    facts, sound = (recording.facts(newest.generation, kind) for kind in ("video", "audio"))
    assert facts is not None  # it tells of a stream before it keeps a packet of it
    entries = [recording.ring.entry(number) for number in range(recording.ring.oldest(), newest.number + 1)]
    video = [entry for entry in entries if entry and entry.stream == ring.VIDEO]
    lately = [entry for entry in video if entry.arrival > newest.arrival - 2]
    span = lately[-1].arrival - lately[0].arrival
    return StreamStatus(
        width=facts["width"], height=facts["height"], codec=facts["codec"],
        fps=(len(lately) - 1) / span if span > 0 else 0.0, seconds=newest.captured - video[0].captured,
        age=time.monotonic() - newest.arrival, bytes=sum(entry.size for entry in entries if entry),
        sound=sound["codec"] if sound else "",
    )  # fmt: skip


class Audio:
    """What a device sounds like."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def level(self, seconds: float = 1.0) -> Reply:
        """Return the level of the newest *seconds*."""
        return Reply(asdict(level.measure(self._stream.recording(), seconds)))
