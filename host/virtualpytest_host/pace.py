"""Which frames are judged, where judging one takes longer than the next takes to come.

Then some are left out, so that a check stays near the present and ends when it should. Once a frame shows what
is looked for, those left out just before it are searched for the first that does: the time found is that of a
check which sees every frame, unless something came and went between two that were judged.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Sequence

from pytest_virtualpytest.models import Sighting
from pytest_virtualpytest.targets import Target, Text, asks_for_signal, members_of
from virtualpytest_host.picture import Picture
from virtualpytest_host.stream import Stream
from virtualpytest_host.vision.judge import Judge

_CATCH_UP = 2.0  # how much faster than the frames come, where the check is behind
_SLACK = 0.01  # seconds that the estimate of a capture time may move by

Seen = tuple[Sighting, Picture]


class Pace:
    """Judges the frames of *stream* by *judge* as fast as they come; *skipped* is how many were left out so far.

    *signal* says that those count too which the capture makes up when it has none.
    """

    def __init__(self, wanted: Target, judge: Judge, stream: Stream) -> None:
        self.judge, self._stream = judge, stream
        self._slow, self.signal = _reads(wanted), asks_for_signal(wanted)
        self._due = float("-inf")
        self._last: Picture | None = None
        self._saved: Judge | None = None
        self._held: Picture | None = None
        self.skipped = 0

    def see(self, picture: Picture) -> Seen | None:
        """Return what is seen and in which picture, or None where *picture* is left out."""
        if self._slow and self._last is not None and picture.captured < self._due and self._behind(picture):
            if self._saved is None:
                self._saved = copy.deepcopy(self.judge)
            self._held = picture
            self.skipped += 1
            return None
        return self._see(picture)

    def rest(self) -> Seen | None:
        """Return what is seen in the last picture, if that was left out: none comes after it."""
        if self._held is None:
            return None
        self.skipped -= 1
        return self._see(self._held)

    def _see(self, picture: Picture) -> Seen:
        begin = time.monotonic()
        seen = self.judge.see(picture)
        self._due = picture.captured + _CATCH_UP * (time.monotonic() - begin)
        found = self._first(seen, picture) if seen and self._saved else (seen, picture)
        self._last, self._saved, self._held = picture, None, None
        return found

    def _behind(self, picture: Picture) -> bool:
        return time.monotonic() - picture.captured > self._stream.late

    def _first(self, seen: Sighting, picture: Picture) -> Seen:
        """Return the first of the pictures left out before *picture* that shows it too, or *picture*."""
        found, left_out = (seen, picture), self._left_out(picture)
        low, high = 0, len(left_out)
        while low < high:
            middle = (low + high) // 2
            told = self._told(left_out[middle])
            if told:
                found, high = (told, left_out[middle]), middle
            else:
                low = middle + 1
        return found

    def _told(self, picture: Picture) -> Sighting:
        judge = copy.deepcopy(self._saved)
        assert judge is not None
        told = judge.see(picture)
        picture.cache[self.judge] = picture.cache[judge]  # what it draws later
        return told

    def _left_out(self, picture: Picture) -> Sequence[Picture]:
        assert self._last is not None
        between: list[Picture] = []
        for one in self._stream.frames(self._last.captured - _SLACK, time.monotonic):
            if one.generation != picture.generation or one.pts >= picture.pts:
                break
            if one.pts > self._last.pts and not one.placeholder:
                between.append(one)
        return between


def _reads(target: Target) -> bool:
    return isinstance(target, Text) or any(_reads(member) for member in members_of(target))
