"""Pictures for people who watch: JPEG, as small as they are shown, of now and of the time that the ring still holds."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator

import cv2

from pytest_virtualpytest.exceptions import CaptureError
from pytest_virtualpytest.wire import Reply
from virtualpytest_host import ring
from virtualpytest_host.picture import Picture
from virtualpytest_host.player import Player
from virtualpytest_host.recording import Recording
from virtualpytest_host.stream import FRAME_SECONDS, Stream

_QUALITY = 75
_WAIT = 1.0  # seconds for a picture that is newer than the last one
_NEAR = 1.5  # seconds: so old may a key frame be to stand for now on a wall
_PAUSE = 1.0  # seconds without a call after which all that came meanwhile is not worth decoding


class Live:
    """The part of a screen that is watched; nothing in it acts on the device or on who holds it."""

    _stream: Stream
    _playing: tuple[Recording, Player, float] | None = None

    def live(self, width: int, after: float = 0.0, key: bool = False) -> Reply:
        """Return the newest picture, at most *width* wide, as soon as there is one captured later than *after*.

        Where *key*, the newest key frame will do, and is not waited for: decoding costs a fraction. The value has
        ``captured`` and ``age`` in seconds, and the picture's size on the device; where there is no newer picture, not
        within a second, there is no blob.
        """
        recording = self._stream.recording()
        young = _young_key(recording) if key else None
        picture = self._next(recording, after) if young is None else _at(recording, young, after)
        return _told(picture, width) if picture else Reply({"captured": after})

    def past(self, seconds: float = 30.0, every: float = 1.0) -> Reply:
        """Return the moments of CLOCK_MONOTONIC, *every* so many seconds, whose pictures can still be had, and now."""
        recording = self._stream.recording()
        newest = recording.first(ring.VIDEO, time.monotonic() + FRAME_SECONDS)
        since, moments = recording.captured(newest) - seconds, list[float]()
        for entry in _decodable(recording, newest.number):
            captured = recording.captured(entry)
            if captured >= max(since, moments[-1] + every if moments else 0.0):
                moments.append(captured)
        return Reply({"moments": moments, "now": time.monotonic()})

    def still(self, captured: float, width: int) -> Reply:
        """Return the first picture of *captured* or later, at most *width* wide; CaptureError if it is overwritten."""
        player = Player(self._stream.recording(), captured, whole=True)
        picture = player.next(time.monotonic() + _WAIT)
        if picture is None:
            raise CaptureError("no picture was captured then, or later")
        return _told(picture, width)

    def _next(self, recording: Recording, after: float) -> Picture | None:
        """Return the newest picture later than *after*, or the first that comes within a second."""
        now, playing = time.monotonic(), self._playing
        if playing is None or playing[0] is not recording or now - playing[2] > _PAUSE:
            playing = recording, Player(recording), now
        player, found, end = playing[1], None, now + _WAIT
        while (picture := player.next(time.monotonic() if found else end)) is not None:
            found = picture if picture.captured > after else found
        self._playing = recording, player, time.monotonic()
        return found


def _young_key(recording: Recording) -> float | None:
    """Return when the newest key frame was captured, if that is not long ago."""
    for number in itertools.takewhile(bool, itertools.count(recording.ring.newest, -1)):
        entry = recording.ring.entry(number)
        if entry is None or time.monotonic() - entry.arrival > _NEAR:
            return None
        if entry.stream == ring.VIDEO and entry.key:
            return recording.captured(entry)
    return None


def _at(recording: Recording, captured: float, after: float) -> Picture | None:
    """Return the picture that was *captured* then, if that is later than *after*."""
    return Player(recording, captured).next(time.monotonic() + _WAIT) if captured > after else None


def _decodable(recording: Recording, newest: int) -> Iterator[ring.Entry]:
    """Yield the video packets that the ring holds in the order of their pictures, from the oldest key frame on."""
    held = (recording.ring.entry(number) for number in range(recording.ring.oldest(), newest + 1))
    video = (entry for entry in held if entry and entry.stream == ring.VIDEO)
    yield from sorted(itertools.dropwhile(lambda entry: not entry.key, video), key=lambda entry: entry.captured)


def _told(picture: Picture, width: int) -> Reply:
    facts = {"captured": picture.captured, "age": time.monotonic() - picture.captured}
    size = {"width": picture.width, "height": picture.height}
    return Reply(facts | size, [_jpeg(picture, width)])


def _jpeg(picture: Picture, width: int) -> bytes:
    colour = picture.bgr()
    if picture.width > width > 0:
        height = max(1, round(picture.height * width / picture.width))
        small = cv2.resize(colour, (width, height), interpolation=cv2.INTER_AREA)
    else:
        small = colour
    return bytes(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])[1])
