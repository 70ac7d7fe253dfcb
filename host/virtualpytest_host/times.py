"""Courses of events on a device's screen, timed: each method is one call of a client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from pytest_virtualpytest import targets
from pytest_virtualpytest.exceptions import CaptureError, NotSeen, VirtualPytestError
from pytest_virtualpytest.models import Sighting
from pytest_virtualpytest.wire import Reply
from virtualpytest_host.picture import Picture
from virtualpytest_host.placeholder import refuse
from virtualpytest_host.sound import zap as sound
from virtualpytest_host.stream import HOLE, Stream
from virtualpytest_host.vision.judge import Judge
from virtualpytest_host.vision.mask import named
from virtualpytest_host.vision.transition import Transition
from virtualpytest_host.vision.zap import Zap

_SETTLED = 0.5  # seconds after the picture that sound may still go away


class Course(Protocol):
    """What is waited for, step by step."""

    def begin(self, picture: Picture) -> None:
        """Take note of the picture before the first one that counts."""

    def see(self, picture: Picture) -> bool:
        """Tell whether the next frame is the one that ends the waiting."""

    def missing(self) -> str:
        """Return what has not come."""


class Times:
    """The part of a screen that times what follows a key."""

    _stream: Stream
    _references: Callable[[str], bytes]

    def transition(self, target: Mapping[str, Any], timeout: float, since: Mapping[str, Any]) -> Reply:
        """Return the first change after *since*, its end, and the proof of the rest that *target* asks for."""
        wanted = targets.from_wire(target)
        if not isinstance(wanted, targets.Frozen):
            raise VirtualPytestError(f"{wanted} is no rest; write Frozen(...)")
        course = Transition(wanted, named(wanted.mask, wanted.sha, self._references))
        self._follow(course, "transition", since, timeout)
        return Reply({name: self._mark(name, getattr(course, name)) for name in ("start", "end", "stable")})

    def zap(
        self,
        key: str,
        timeout: float,
        since: Mapping[str, Any],
        motion: bool = True,
        hear: bool = True,
        banner: Mapping[str, Any] | None = None,
    ) -> Reply:
        """Return what followed the press *since* of a key that changes the channel, and when."""
        judge = Judge(targets.from_wire(banner), self._references) if banner else None
        course = Zap(motion=motion, banner=judge)
        self._follow(course, f"zap {key}", since, timeout)
        found = {name: self._mark(name, getattr(course, name)) for name in ("black", "picture", "motion", "banner")}
        return Reply({**found, "sound": self._sound(key, course, since, timeout) if hear else None})

    def _follow(self, course: Course, who: str, since: Mapping[str, Any], timeout: float) -> None:
        begin = self._begin(since)
        end, late, last = begin + timeout, self._stream.late, None
        for picture in self._stream.frames(begin, lambda: end + late, whole=True, before=True):
            if picture.captured < begin:
                course.begin(picture)
                continue
            refuse(picture)
            if picture.captured > end:
                break
            last = picture
            if course.see(picture):
                return
        if last is None or end - last.captured > HOLE:
            raise CaptureError(f"{who}: no frame came in the last seconds of {timeout:g}")
        raise NotSeen(f"{who}: {course.missing()} within {timeout:g} s", pictures={"frame": last.png()})

    def _sound(self, key: str, course: Zap, since: Mapping[str, Any], timeout: float) -> dict[str, Any] | None:
        """Return when the sound came back, or None where it never went away, or the stream has none."""
        assert course.picture is not None
        end = self._begin(since) + timeout
        settled = course.picture.captured + _SETTLED
        recording = self._stream.recording()
        gone, block = sound.back(recording, since["after"], max(end, settled) + self._stream.late, settled)
        if block is None:
            if gone:
                raise NotSeen(f"zap {key}: the sound has not come back within {timeout:g} s")
            return None
        seen = Sighting(
            True, "sound", captured=block.captured, error=block.error + block.seconds, pts=block.pts,
            stream=block.generation,
        )  # fmt: skip
        return self._told(seen, course.picture).to_wire() | {"stream": block.generation}

    def _mark(self, name: str, picture: Picture | None) -> dict[str, Any] | None:
        if picture is None:
            return None
        seen = Sighting(True, name, picture.captured, picture.error, picture.pts)
        return self._told(seen, picture).to_wire()

    def _begin(self, since: Mapping[str, Any] | float | None) -> float:
        raise NotImplementedError

    def _told(self, seen: Sighting, picture: Picture) -> Sighting:
        raise NotImplementedError
