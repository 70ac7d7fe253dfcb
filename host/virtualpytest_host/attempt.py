"""What a check that waits has seen, and what it says if that was not enough."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from pytest_virtualpytest.exceptions import CaptureError, NotSeen, VirtualPytestError
from pytest_virtualpytest.models import Sighting
from pytest_virtualpytest.targets import Target, asks_for_signal
from virtualpytest_host.pace import Pace, Seen
from virtualpytest_host.picture import Picture
from virtualpytest_host.placeholder import refuse
from virtualpytest_host.stream import HOLE
from virtualpytest_host.vision.judge import Judge

Told = Callable[[Sighting, Picture], Sighting]


class Attempt:
    """The frames captured from *begin* to *end* that did not show what was looked for."""

    def __init__(self, wanted: Target, begin: float, end: float, timeout: float) -> None:
        self._wanted, self._begin, self._end, self._timeout = wanted, begin, end, timeout
        self._signal = asks_for_signal(wanted)
        self._frames = self._blind = self._skipped = 0
        self._missing = False
        self._reached = begin
        self._best: tuple[Sighting, Picture] | None = None
        self._last: Picture | None = None

    def made(self, frames: Iterable[Picture], pace: Pace) -> Seen | None:
        """Return what is seen first in *frames*, and in which, or None."""
        for picture in frames:
            if picture.captured < self._begin:
                pace.judge.begin(picture)
            elif self._within(picture):
                seen = pace.see(picture)
                if seen and seen[0]:
                    return seen
                self._failed(picture, seen)
            elif self._reached > self._end:
                break
        last = pace.rest()
        return last if last and last[0] else None

    def _within(self, picture: Picture) -> bool:
        self._reached = picture.captured
        if picture.captured > self._end:
            return False
        if picture.placeholder and not self._signal:
            self._blind += 1
            self._last = picture
            return False
        return True

    def _failed(self, picture: Picture, seen: Seen | None) -> None:
        self._missing = self._missing or (picture.gap and self._frames > 0)
        self._frames += 1
        self._last = picture
        if seen is None:
            self._skipped += 1
        elif self._best is None or seen[0].score >= self._best[0].score:
            self._best = seen

    def error(self, judge: Judge, told: Told) -> VirtualPytestError:
        """Return the error: what was looked for, how long, and why it was not there."""
        within = f"within {self._timeout:g} s"
        if self._last is None:
            return CaptureError(f"no frame to look for {self._wanted} in, {within}")
        if not self._signal:
            refuse(self._last)
        if self._best is None or self._end - self._reached > HOLE:
            left = self._end - self._reached
            return CaptureError(f"{self._wanted} not seen {within}, but no frame came in the last {left:.1f} s of them")
        if judge.missing:
            return CaptureError(f"{self._wanted} not seen {within}, but {judge.missing:.1f} s of the sound are missing")
        return self._not_seen(judge, told, *self._best, within)

    def _not_seen(self, judge: Judge, told: Told, seen: Sighting, picture: Picture, within: str) -> NotSeen:
        assert self._last is not None
        place = f", nearest at {seen.region}" if seen.region else ""
        blind = f", {self._blind} more without signal" if self._blind else ""
        missing = f", {self._skipped} of them not read for want of time" if self._skipped else ""
        missing += ", some were lost on the way" if self._missing else ""
        message = (
            f"{self._wanted} not seen {within} ({self._frames} frames{blind}{missing}{place}): "
            f"score {seen.score:.3f} of {seen.threshold:.3f}" + (f"; {seen.why}" if seen.why else "")
        )
        pictures = {"frame": self._last.png(), "annotated": judge.annotated(picture, seen)}
        details = {"sighting": told(seen, picture).to_wire(), "frames": self._frames, "skipped": self._skipped}
        if near := judge.nearest(picture):
            details["nearest"], pictures["nearest"] = near
        return NotSeen(message, details=details, pictures=pictures)
