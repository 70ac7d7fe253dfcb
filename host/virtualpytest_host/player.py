"""Decode a recording, frame by frame and in order, from any moment that the ring still holds."""

from __future__ import annotations

import collections
import time
from fractions import Fraction
from typing import Any

import av

from pytest_virtualpytest.exceptions import CaptureError, VirtualPytestError
from virtualpytest_host import ring
from virtualpytest_host.picture import Picture
from virtualpytest_host.recording import Recording

_FIRST_SECONDS = 8.0


def decoder(facts: dict[str, Any]) -> Any:
    """Return a decoder for a stream of which the recorder says *facts*."""
    context: Any = av.CodecContext.create(facts["codec"], "r")
    if "width" in facts:
        context.thread_count = 1  # more would hold frames back
    elif facts["rate"] and not facts["layout"].startswith("0 "):  # known when the stream was opened
        context.sample_rate, context.layout = facts["rate"], facts["layout"]  # raw samples do not say
    return context


def packet(entry: ring.Entry, data: bytes, base: Fraction) -> Any:
    """Return *entry* as PyAV takes it."""
    made: Any = av.Packet(data)
    made.pts, made.dts, made.time_base = entry.pts, entry.dts, base
    made.is_keyframe = entry.key
    return made


class Player:
    """Every picture captured at or after *since* (the newest one, where None), each once.

    Where *whole*, it is an error if the ring does not go back that far. A reader that falls so far behind
    that packets are overwritten goes on at the next key frame, with ``gap`` set on its picture. *before* is the
    last picture that was too early, if one was decoded.
    """

    before: Picture | None = None

    def __init__(self, recording: Recording, since: float | None = None, *, whole: bool = False) -> None:
        self._recording, self._begun = recording, time.monotonic()
        newest = recording.first(ring.VIDEO, time.monotonic() + _FIRST_SECONDS)
        self._since = recording.captured(newest) if since is None else since
        self._number = self._find_start(whole)
        self._generation = -1
        self._decoder: Any = None
        self._base = Fraction(1, 90000)
        self._entries: dict[int, ring.Entry] = {}
        self._newest: ring.Entry
        self._pictures: collections.deque[Picture] = collections.deque()
        self._gap = False

    def next(self, deadline: float) -> Picture | None:
        """Return the next picture, or None if there is none until *deadline*; CaptureError if there can be none."""
        while True:
            while self._pictures:
                picture = self._pictures.popleft()
                if picture.captured >= self._since:
                    return picture
                self.before = picture
            if self._number <= self._recording.ring.newest:
                self._decode_one()
                continue
            left = deadline - time.monotonic()
            self._recording.check(since=self._begun)
            if left <= 0:
                return None
            self._recording.wait(min(left, 0.5))

    def _find_start(self, whole: bool) -> int:
        """Return the number of the newest key frame at or before the moment to start at, else of the oldest one."""
        reader = self._recording.ring
        oldest: ring.Entry | None = None
        for number in range(reader.newest, 0, -1):
            entry = reader.entry(number)
            if entry is None:
                break
            if entry.stream == ring.VIDEO and entry.key:
                oldest = entry
                if self._recording.captured(entry) <= self._since:
                    return number
        if whole:
            self._refuse(oldest)
        return oldest.number if oldest else reader.newest + 1

    def _refuse(self, oldest: ring.Entry | None) -> None:
        """Raise an error if pictures from before *oldest* are lost."""
        now, ago = time.monotonic(), f"`since` is {time.monotonic() - self._since:.1f} s ago"
        if self._since < self._recording.began():
            raise CaptureError(f"{ago}, but the recorder of {self._recording} was started later: it has not seen all")
        if oldest and self._recording.ring.entry(1) is None:
            back = now - self._recording.captured(oldest)
            raise VirtualPytestError(f"the recording of {self._recording} goes back {back:.0f} s only, {ago}")

    def _decode_one(self) -> None:
        """Decode the next packet."""
        reader = self._recording.ring
        entry = reader.entry(self._number)
        data = reader.data(entry) if entry else None
        if entry is None or data is None:
            self._skip()
            return
        self._number += 1
        if entry.stream == ring.VIDEO and self._ready(entry):
            self._entries[entry.pts] = self._newest = entry
            self._decode(packet(entry, data, self._base))

    def _skip(self) -> None:
        self._finish()
        self._gap = True
        self._number = max(self._number + 1, self._recording.ring.oldest())

    def _ready(self, entry: ring.Entry) -> bool:
        """Make a decoder where one is needed; tell whether *entry* can be decoded."""
        if entry.gap or entry.generation != self._generation:
            self._finish()
            self._gap = self._gap or entry.gap
        if self._decoder is None:
            facts = self._recording.facts(entry.generation, "video") if entry.key else None
            if not facts:
                return False
            self._decoder, self._generation = decoder(facts), entry.generation
            self._base = Fraction(*facts["base"])
            self._entries.clear()
        return True

    def _finish(self) -> None:
        """Take the pictures out that the decoder still holds; what follows has another beginning."""
        if self._decoder is not None:
            self._decode(None)
        self._decoder = None

    def _decode(self, one: Any) -> None:
        try:
            frames = self._decoder.decode(one)
        except av.FFmpegError:  # a damaged packet: the picture is missing, the next one says so
            self._gap = True
            return
        for frame in frames:
            if frame.is_corrupt:
                self._gap = True
            else:
                self._pictures.append(self._picture(frame))

    def _picture(self, frame: Any) -> Picture:
        entry = self._entries.pop(frame.pts, self._newest)
        if len(self._entries) > 64:
            self._entries.clear()
        gap, self._gap = self._gap, False
        return Picture.from_av(
            frame,
            captured=self._recording.captured(entry),
            error=self._recording.error(entry),
            pts=float(entry.pts * self._base),
            generation=entry.generation,
            gap=gap,
        )
