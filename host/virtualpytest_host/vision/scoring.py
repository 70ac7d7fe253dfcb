"""The score of a reference at one place of a picture: 1 is identical, 0 is as different as its contrast.

    score = exp(-worst), worst = max over the reference of (mean |difference| in a window / contrast around it)

The window is 5x5 pixels of the luma plane and of each chroma plane (half its size). The contrast is the
reference's own range of values within 11x11, at least 64 levels of 255 (40 in chroma, which codecs shift
less), less where the whole reference has less luma. So one missing letter counts as much in a large
reference as in a small one, the ringing that a codec leaves beside a hard edge does not, a flat area counts
like any other, and a gray button is no bluish one of the same brightness. A line of a single pixel does not
count: codecs lose those. No part of it divides by the frame's contrast: a flat frame cannot score well by
chance, as it can with correlation. A difference of one level is rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from virtualpytest_host.needs import host_extra
from virtualpytest_host.picture import Picture
from virtualpytest_host.vision.planes import Plane
from virtualpytest_host.vision.reference import WINDOW, Detail, Prepared

with host_extra("vision"):
    import cv2

THRESHOLD = 0.75
_ROUNDING = 1.0


@dataclass(frozen=True)
class Score:
    """How like the reference a place is, in luma and in colour; *worst* is where it differs most."""

    luma: float
    colour: float
    worst: tuple[int, int]

    @property
    def value(self) -> float:
        """Return the score that is held against the threshold."""
        return min(self.luma, self.colour)


def score(picture: Picture, prepared: Prepared, x: int, y: int) -> Score:
    """Return the score of the reference with its top left corner at (*x*, *y*)."""
    luma, worst = _detail(picture.luma, prepared.luma, x, y)
    colour = 0.0
    for plane, detail, left, top in _chroma(picture, prepared, x, y):
        error, (across, down) = _detail(plane, detail, left, top)
        if error > max(luma, colour):
            worst = (2 * (left + across) - x, 2 * (top + down) - y)
        colour = max(colour, error)
    return Score(math.exp(-luma), math.exp(-colour), (x + worst[0], y + worst[1]))


def unseen_apart(picture: Picture, prepared: Prepared, x: int, y: int) -> float:
    """Return the mean squared difference at a place in the planes that were not searched, added up."""
    planes = _chroma(picture, prepared, x, y)
    if prepared.channel != "luma":
        planes = [*planes, (picture.luma, prepared.luma, x, y)]
    total = 0.0
    for plane, detail, left, top in planes:
        count = detail.plane.size if detail.mask is None else cv2.countNonZero(detail.mask)
        total += cv2.norm(_crop(plane, detail, left, top), detail.plane, cv2.NORM_L2SQR, detail.mask) / count
    return total


def _chroma(picture: Picture, prepared: Prepared, x: int, y: int) -> list[tuple[Plane, Detail, int, int]]:
    details = prepared.chroma[2 * (y % 2) + x % 2]
    if details is None:
        return []
    return [(plane, item, (x + 1) // 2, (y + 1) // 2) for plane, item in zip(picture.chroma, details, strict=True)]


def _crop(plane: Plane, detail: Detail, x: int, y: int) -> Plane:
    high, wide = detail.plane.shape
    return plane[y : y + high, x : x + wide]


def _detail(plane: Plane, detail: Detail, x: int, y: int) -> tuple[float, tuple[int, int]]:
    apart = cv2.subtract(cv2.absdiff(_crop(plane, detail, x, y), detail.plane), _ROUNDING)  # type: ignore[call-overload]  # the stubs know no scalars
    if detail.mask is not None:
        apart = cv2.bitwise_and(apart, detail.mask)
    errors = cv2.multiply(cv2.blur(apart, WINDOW), detail.weight, dtype=cv2.CV_32F)
    _, error, _, place = cv2.minMaxLoc(errors)
    return float(error), (int(place[0]), int(place[1]))
