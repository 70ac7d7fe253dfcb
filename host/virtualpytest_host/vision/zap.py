"""A change of channel, frame by frame: black, picture, motion, banner.

Where the screen turns black, the first picture is the one after the black; where it does not, it is the first one
after a cut: a change of most of the picture from one frame to the next.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from virtualpytest_host.needs import host_extra
from virtualpytest_host.picture import Picture
from virtualpytest_host.vision.black import brightest
from virtualpytest_host.vision.judge import Judge
from virtualpytest_host.vision.motion import change
from virtualpytest_host.vision.planes import Plane, coding
from virtualpytest_host.vision.still import between

with host_extra("vision"):
    import cv2

_BLACK = 20
_MOVES = 25
_SMALL = 8  # how many times smaller the picture is that cuts are sought in
_CUT = 10.0  # gray levels in the mean
_AGAINST = 3.0  # times the largest change before it
_SURE = 1.0  # seconds without black after a cut


class Zap:
    """Watches for all that is asked for: *motion*, and what *banner* judges, if it is given."""

    def __init__(self, *, motion: bool, banner: Judge | None) -> None:
        self._wants_motion, self._judge = motion, banner
        self._last: Picture | None = None
        self._usual = 0.0
        self.black: Picture | None = None
        self.picture: Picture | None = None
        self.motion: Picture | None = None
        self.banner: Picture | None = None

    def begin(self, picture: Picture) -> None:
        """Take note of the picture before the first one that counts."""
        self._last = picture
        if self._judge:
            self._judge.begin(picture)

    def see(self, picture: Picture) -> bool:
        """Tell whether the next frame is the one that ends the waiting."""
        if self._judge and self.banner is None and self._judge.see(picture):
            self.banner = picture
        self._look(picture)
        self._last = picture
        return not self._open() and self._sure(picture)

    def missing(self) -> str:
        """Return what has not come."""
        black = "it is black" if self.black and not self.picture else "neither black nor a cut"
        words = {"picture": f"no new picture ({black})", "motion": "no motion", "banner": "no banner"}
        return ", ".join(words[name] for name in self._open())

    def _open(self) -> list[str]:
        wanted = ["picture", *(["motion"] if self._wants_motion else []), *(["banner"] if self._judge else [])]
        return [name for name in wanted if getattr(self, name) is None]

    def _sure(self, picture: Picture) -> bool:
        """Tell whether a cut was that of the channel: one of the old channel's programme is followed by black."""
        return self.black is not None or (self.picture is not None and between(self.picture, picture) >= _SURE)

    def _look(self, picture: Picture) -> None:
        if brightest(picture, threshold=_BLACK).level <= _BLACK:
            self.black, self.picture, self.motion = self.black or picture, None, None
        elif self.picture is None:
            self.picture = picture if self.black or self._cut(picture) else None
        elif self.motion is None and self._moved(picture):
            self.motion = picture

    def _cut(self, picture: Picture) -> bool:
        if self._last is None or self._last.luma.shape != picture.luma.shape:
            return False
        apart = float(cv2.norm(_small(self._last), _small(picture), cv2.NORM_L1)) / _small(picture).size
        apart *= coding(picture).luma_gain
        usual, self._usual = self._usual, max(self._usual, apart)
        return apart >= max(_CUT, _AGAINST * usual)

    def _moved(self, picture: Picture) -> bool:
        last = self._last
        same = last is not None and last.luma.shape == picture.luma.shape
        return same and change(cast(Picture, last), picture, threshold=_MOVES).region is not None


def _small(picture: Picture) -> Plane:
    if "small" not in picture.cache:
        size = max(1, picture.width // _SMALL), max(1, picture.height // _SMALL)
        picture.cache["small"] = np.asarray(cv2.resize(picture.luma, size, interpolation=cv2.INTER_AREA), np.uint8)
    return cast(Plane, picture.cache["small"])
