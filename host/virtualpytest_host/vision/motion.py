"""Does the picture change from one frame to the next?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import numpy as np

from pytest_virtualpytest.models import Region
from virtualpytest_host.needs import host_extra
from virtualpytest_host.picture import Picture
from virtualpytest_host.vision.area import clip
from virtualpytest_host.vision.mask import Mask
from virtualpytest_host.vision.planes import Plane, coding

with host_extra("vision"):
    import cv2

_SPOT = np.ones((3, 3), np.uint8)
_NOISE = 3  # times the threshold; a codec's noise is no more


@dataclass(frozen=True)
class Change:
    """The largest change of any spot of 3x3 pixels, 0–255, and the box around all that passed the threshold."""

    level: float
    region: Region | None


def change(
    before: Picture, after: Picture, region: Region | None = None, threshold: int = 25, mask: Mask | None = None
) -> Change:
    """Return what changed between two pictures of one size, within *region* and where *mask* is white.

    A single pixel is noise, a spot of 3x3 is change. Colour counts twice: half *threshold* in a chroma
    plane is change, so that a button that turns from gray to blue at one brightness moves too.
    """
    area, how = clip(region, after, "motion"), coding(after)
    whole, half = mask.over(after) if mask else (None, None)
    found = [_change(before.luma, after.luma, whole, area, 1, how.luma_gain, threshold)]
    left, top = area.x, area.y
    for old, new in zip(before.chroma, after.chroma, strict=True):
        level, box = _change(old, new, half, area, 2, 2 * how.chroma_gain, threshold)
        found.append((level, box and Region(*(2 * side for side in box))))
    boxes = [box for _, box in found if box]
    return Change(max(level for level, _ in found), _around(boxes, left, top) if boxes else None)


def _cut(plane: Plane, area: Region, step: int) -> Plane:
    right, bottom = -(-(area.x + area.width) // step), -(-(area.y + area.height) // step)
    return plane[area.y // step : bottom, area.x // step : right]


def _change(
    before: Plane, after: Plane, mask: Plane | None, area: Region, step: int, gain: float, threshold: int
) -> tuple[float, Region | None]:
    apart = cv2.absdiff(_cut(before, area, step), _cut(after, area, step))
    if mask is not None:
        apart = cv2.bitwise_and(apart, _cut(mask, area, step))
    least = math.ceil(threshold / gain)
    highest = cv2.minMaxLoc(apart)[1]
    if highest < least:  # most still frames end here
        return highest * gain, None
    noise = highest < _NOISE * least and cv2.countNonZero(_above(cast(Plane, apart), least)) < _SPOT.size
    if noise:  # and most of the others
        return min(highest * gain, threshold - 1), None
    spots = cv2.erode(apart, _SPOT)
    level = min(255.0, cv2.minMaxLoc(spots)[1] * gain)
    if level < least * gain:
        return min(level, threshold - 1), None
    return level, Region(*cv2.boundingRect(_above(cast(Plane, spots), least)))


def _above(plane: Plane, least: int) -> Plane:
    return cast(Plane, cv2.threshold(plane, least - 1, 255, cv2.THRESH_BINARY)[1])


def _around(boxes: list[Region], left: int, top: int) -> Region:
    x, y = min(box.x for box in boxes), min(box.y for box in boxes)
    right, bottom = max(box.x + box.width for box in boxes), max(box.y + box.height for box in boxes)
    return Region(left + x, top + y, right - x, bottom - y)
