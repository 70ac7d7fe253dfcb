"""Decode a recording, frame by frame and in order, from any moment that the ring still holds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import av

from pytest_virtualpytest.exceptions import VirtualPytestError
from virtualpytest_host import ring
from virtualpytest_host.picture import Picture
from virtualpytest_host.recording import Recording

_FIRST_SECONDS = 8.0


def decoder(facts: dict[str, Any]) -> Any:
    """Return a decoder for a stream of which the recorder says *facts*."""
    context: Any = av.CodecContext.create(facts["codec"], "r")
    if "width" in facts:
        context.thread_count = 1
        context.flags |= av.codec.context.Flags.low_delay
    return context


def packet(entry: ring.Entry, data: bytes, base: Fraction) -> Any:
    """Return *entry* as PyAV takes it."""
    made: Any = av.Packet(data)
    made.pts, made.dts, made.time_base = entry.pts, entry.dts, base
    made.is_keyframe = entry.key
    return made


class Player:
    """Every picture captured at or after *since* (the newest one, where None), each once.

    A reader that falls so far behind that packets are overwritten goes on at the next key frame, with
    ``gap`` set on its picture.
    """

    def __init__(self, recording: Recording, since: float | None = None) -> None:
        self._recording = recording
        newest = recording.first(ring.VIDEO, time.monotonic() + _FIRST_SECONDS)
        self._since = recording.captured(newest) if since is None else since
        self._number = self._find_start(since is not None)
        self._generation = -1
        self._decoder: Any = None
        self._base = Fraction(1, 90000)
        self._entries: dict[int, ring.Entry] = {}
        self._gap = False

    def next(self, deadline: float) -> Picture | None:
        """Return the next picture, or None if there is none until *deadline*; CaptureError if there can be none."""
        while True:
            for picture in self._decode_one():
                if picture.captured >= self._since:
                    return picture
            if self._number <= self._recording.ring.newest:
                continue
            left = deadline - time.monotonic()
            self._recording.check()
            if left <= 0:
                return None
            self._recording.wait(min(left, 0.5))

    def _find_start(self, exact: bool) -> int:
        """Return the number of the newest key frame at or before the moment to start at."""
        reader = self._recording.ring
        oldest = last = None
        for number in range(reader.newest, 0, -1):
            entry = reader.entry(number)
            if entry is None:
                break
            if entry.stream == ring.VIDEO:
                oldest = entry
                if entry.key:
                    last = entry
                    if self._recording.captured(entry) <= self._since:
                        return number
        begin = self._recording.captured(oldest) if oldest else 0.0
        if exact and begin > self._since and reader.entry(1) is None:
            raise VirtualPytestError(
                f"the recording goes back {time.monotonic() - begin:.0f} s only, "
                f"`since` is {time.monotonic() - self._since:.0f} s ago"
            )
        return last.number if last else reader.newest + 1

    def _decode_one(self) -> Iterator[Picture]:
        """Decode the next packet if there is one."""
        reader = self._recording.ring
        if self._number > reader.newest:
            return
        entry = reader.entry(self._number)
        data = reader.data(entry) if entry else None
        if entry is None or data is None:
            self._skip()
            return
        self._number += 1
        if entry.stream != ring.VIDEO or not self._ready(entry):
            return
        self._entries[entry.pts] = entry
        try:
            frames = self._decoder.decode(packet(entry, data, self._base))
        except av.FFmpegError:  # a damaged packet: the picture is missing, the next one says so
            self._gap = True
            return
        for frame in frames:
            yield self._picture(frame, entry)

    def _skip(self) -> None:
        self._decoder, self._gap = None, True
        self._number = max(self._number + 1, self._recording.ring.oldest())

    def _ready(self, entry: ring.Entry) -> bool:
        """Make a decoder where one is needed; tell whether *entry* can be decoded."""
        if entry.generation != self._generation or self._decoder is None or entry.gap:
            if not entry.key:
                return False
            facts = self._recording.facts(entry.generation, "video")
            if not facts:
                return False
            self._decoder, self._generation = decoder(facts), entry.generation
            self._base = Fraction(*facts["base"])
            self._entries.clear()
            self._gap = self._gap or entry.gap
        return True

    def _picture(self, frame: Any, newest: ring.Entry) -> Picture:
        entry = self._entries.pop(frame.pts, newest)
        if len(self._entries) > 64:
            self._entries.clear()
        gap, self._gap = self._gap, False
        seconds = float(entry.pts * self._base)
        captured, error = self._recording.captured(entry), self._recording.error(entry)
        return Picture.from_av(frame, captured=captured, error=error, pts=seconds, gap=gap)
