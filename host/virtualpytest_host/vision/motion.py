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

    A single pixel is noise, a spot of 3x3 is change. Colour counts twice: half *threshold* in either chroma
    plane is change, so that a button that turns from gray to blue at one brightness moves too.
    """
    area, how = clip(region, after, "motion"), coding(after)
    whole, half = mask.over(after) if mask else (None, None)
    luma = _largest(_apart(before.luma, after.luma, area, 1), whole, area, 1, how.luma_gain, threshold)
    u, v = (_apart(old, new, area, 2) for old, new in zip(before.chroma, after.chroma, strict=True))
    colour = _largest(cast(Plane, cv2.max(u, v)), half, area, 2, 2 * how.chroma_gain, threshold)
    boxes = [box for _, box in (luma, colour) if box]
    return Change(max(luma[0], colour[0]), _around(boxes, area) if boxes else None)


def _cut(plane: Plane, area: Region, step: int) -> Plane:
    right, bottom = -(-(area.x + area.width) // step), -(-(area.y + area.height) // step)
    return plane[area.y // step : bottom, area.x // step : right]


def _apart(before: Plane, after: Plane, area: Region, step: int) -> Plane:
    return cast(Plane, cv2.absdiff(_cut(before, area, step), _cut(after, area, step)))


def _largest(
    apart: Plane, mask: Plane | None, area: Region, step: int, gain: float, threshold: int
) -> tuple[float, Region | None]:
    """Return the largest difference of a spot and the box of all those that pass, in pixels of the luma plane."""
    if mask is not None:
        apart = cast(Plane, cv2.bitwise_and(apart, _cut(mask, area, step)))
    least = math.ceil(threshold / gain)
    highest = cv2.minMaxLoc(apart)[1]
    if highest < least:  # most still frames end here
        return highest * gain, None
    noise = highest < _NOISE * least and cv2.countNonZero(_above(apart, least)) < _SPOT.size
    if noise:  # and most of the others
        return min(highest * gain, threshold - 1), None
    spots = cv2.erode(apart, _SPOT)
    level = min(255.0, cv2.minMaxLoc(spots)[1] * gain)
    if level < least * gain:
        return min(level, threshold - 1), None
    x, y, wide, high = cv2.boundingRect(_above(cast(Plane, spots), least))
    return level, Region(step * (area.x // step + x), step * (area.y // step + y), step * wide, step * high)


def _above(plane: Plane, least: int) -> Plane:
    return cast(Plane, cv2.threshold(plane, least - 1, 255, cv2.THRESH_BINARY)[1])


def _around(boxes: list[Region], area: Region) -> Region:
    """Return the box around *boxes*, without what a pixel of colour covers beyond *area*."""
    x, y = max(area.x, min(box.x for box in boxes)), max(area.y, min(box.y for box in boxes))
    right = min(area.x + area.width, max(box.x + box.width for box in boxes))
    bottom = min(area.y + area.height, max(box.y + box.height for box in boxes))
    return Region(x, y, right - x, bottom - y)
