"""One source's pictures, as the checks of a device see them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np

from pytest_virtualpytest.capabilities import Source
from pytest_virtualpytest.exceptions import CaptureError
from virtualpytest_host import ring
from virtualpytest_host.picture import Picture, encode_png
from virtualpytest_host.placeholder import Placeholders, refuse
from virtualpytest_host.player import Player
from virtualpytest_host.recording import Recording

FRAME_SECONDS = 5.0  # how long a check that asks waits for a frame
HOLE = 1.0  # seconds at the end of a check without a frame, after which it cannot say "not seen"
_LATE = 0.3  # seconds that a frame may be on its way, beyond the capture's own latency
_FRESH = 0.5  # seconds beyond that after which a picture does not show what is there now
_EXACT = 1e-4  # seconds within which two times are of one picture
_TURN = 0.25


class Stream:
    """One source's recording, opened on need and again after its recorder has died."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.late = _LATE + (source.latency or 0.0)
        self._placeholders: Placeholders | None = None
        self._open: Recording | None = None

    def prepare(self) -> None:
        """Load what the first check would have to; CaptureError if a placeholder is missing."""
        self._made_up()
        encode_png(np.zeros((2, 2, 3), np.uint8))

    def warm(self) -> None:
        """Have the recorder run, and wait for its first picture; CaptureError where there is none."""
        self._player(None).next(time.monotonic() + FRAME_SECONDS)

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

    def frames(
        self, since: float | None, deadline: Callable[[], float], *, whole: bool = False, before: bool = False
    ) -> Iterator[Picture]:
        """Yield every picture from *since* on until *deadline*, which may change; CaptureError where none comes.

        Where *whole*, it is an error if the recording does not go back that far; where *before*, the picture just
        before that comes first. A picture that the capture has made up has its name in ``placeholder``.
        """
        player, made_up = self._player(since, whole=whole), self._made_up()
        lost = False
        while True:
            picture = player.next(min(deadline(), time.monotonic() + _TURN))
            if before and picture is not None and player.before is not None:
                yield player.before
            if picture is not None:
                before = False
                picture.placeholder = made_up.name(picture)
                picture.gap, lost = picture.gap or lost, bool(picture.placeholder)
                yield picture
            elif time.monotonic() >= deadline():
                return

    def after(self, moment: float) -> Picture:
        """Return the newest picture, or the first one after *moment* if that is yet to come."""
        end = time.monotonic() + FRAME_SECONDS
        for picture in self.frames(max(self.now(), moment), lambda: end):
            refuse(picture)
            return picture
        raise CaptureError(f"no frame within {FRAME_SECONDS:.1f} s of the last input")

    def at(self, moment: float) -> Picture:
        """Return the picture that was captured at *moment*, as long as it is kept."""
        end = time.monotonic() + FRAME_SECONDS
        for picture in self.frames(moment - _EXACT, lambda: end, whole=True):
            if picture.captured > moment + _EXACT:
                break
            refuse(picture)
            return picture
        raise CaptureError(f"the frame of {time.monotonic() - moment:.1f} s ago is not kept any more")

    def now(self) -> float:
        """Return the moment from which a check may judge: that of the newest picture, unless that is old."""
        return max(self.newest(), time.monotonic() - self.late - _FRESH)

    def newest(self) -> float:
        """Return the capture time of the newest picture."""
        recording = self.recording()
        return recording.captured(recording.first(ring.VIDEO, time.monotonic() + FRAME_SECONDS))

    def close(self) -> None:
        """Give the recording back."""
        if self._open is not None:
            self._open.close()
            self._open = None

    def _player(self, since: float | None, *, whole: bool = False) -> Player:
        return Player(self.recording(), since, whole=whole)

    def _made_up(self) -> Placeholders:
        if self._placeholders is None:
            self._placeholders = Placeholders(self.source.placeholders)
        return self._placeholders
