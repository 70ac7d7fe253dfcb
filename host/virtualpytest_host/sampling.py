"""A look at a recording now and then: its key frames, and all of its sound; watching for days costs little."""

from __future__ import annotations

import time
from collections.abc import Iterator

from virtualpytest_host import ring
from virtualpytest_host.picture import Picture
from virtualpytest_host.placeholder import Placeholders
from virtualpytest_host.player import Player
from virtualpytest_host.recording import Recording
from virtualpytest_host.sound.blocks import Block, blocks, heard

_RARE = 4.0  # seconds without a key frame after which every frame is decoded
_BACK = 25.0  # seconds that a ring holds of most streams
_SOON = 0.5


class Samples:
    """What came since the last look."""

    def __init__(self, recording: Recording) -> None:
        self._recording, self._made_up = recording, Placeholders(recording.source.placeholders)
        self._number = max(recording.ring.newest - 1, 0)
        self._key = time.monotonic()
        self._heard = time.monotonic()
        self._player: Player | None = None

    def pictures(self) -> Iterator[Picture]:
        """Yield the key frames that came; where they are rare, the newest picture."""
        newest = self._recording.ring.newest
        entries = (self._recording.ring.entry(number) for number in range(self._number + 1, newest + 1))
        keys = [entry for entry in entries if entry and entry.stream == ring.VIDEO and entry.key]
        came, self._number = newest > self._number, newest
        for entry in keys:
            self._key, self._player = time.monotonic(), None
            found = Player(self._recording, self._recording.captured(entry)).next(time.monotonic() + _SOON)
            yield from self._named(found)
        if came and time.monotonic() - self._key > _RARE:
            yield from self._last()

    def sound(self) -> Iterator[Block]:
        """Yield the sound that came, if the stream has any; CaptureError where it has stopped."""
        if not heard(self._recording):
            return
        now = time.monotonic()
        for block in blocks(self._recording, max(self._heard, now - _BACK), lambda: now):
            self._heard = block.captured + block.seconds / 2
            yield block
        self._recording.check(ring.AUDIO)

    def skip_sound(self) -> None:
        """Leave out the sound that came until now."""
        self._heard = time.monotonic()

    def _last(self) -> Iterator[Picture]:
        self._player = self._player or Player(self._recording)
        found = None
        while (picture := self._player.next(time.monotonic())) is not None:
            found = picture
        yield from self._named(found)

    def _named(self, picture: Picture | None) -> Iterator[Picture]:
        if picture is not None:
            picture.placeholder = self._made_up.name(picture)
            yield picture
