"""Does the picture change from one frame to the next?"""

from __future__ import annotations

import functools
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
_SAMPLE = 16  # lines of which one is looked at first
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
    luma = _largest([(before.luma, after.luma)], whole, area, 1, how.luma_gain, threshold)
    planes = list(zip(before.chroma, after.chroma, strict=True))
    colour = _largest(planes, half, area, 2, 2 * how.chroma_gain, threshold)
    boxes = [box for _, box in (luma, colour) if box]
    return Change(max(luma[0], colour[0]), _around(boxes, area) if boxes else None)


def _cut(plane: Plane, area: Region, step: int) -> Plane:
    right, bottom = -(-(area.x + area.width) // step), -(-(area.y + area.height) // step)
    return plane[area.y // step : bottom, area.x // step : right]


def _largest(
    planes: list[tuple[Plane, Plane]], mask: Plane | None, area: Region, step: int, gain: float, threshold: int
) -> tuple[float, Region | None]:
    """Return the largest difference of a spot and the box of all those that pass, in pixels of the luma plane."""
    least, pairs = math.ceil(threshold / gain), [(_cut(old, area, step), _cut(new, area, step)) for old, new in planes]
    if mask is None and (highest := max(_highest(*pair, least) for pair in pairs)) < least:
        return highest * gain, None  # most still frames end here
    apart = functools.reduce(cv2.max, (cv2.absdiff(old, new) for old, new in pairs))
    if mask is not None:
        apart = cv2.bitwise_and(apart, _cut(mask, area, step))
    return _spots(cast(Plane, apart), area, step, gain, threshold)


def _highest(before: Plane, after: Plane, least: int) -> float:
    """Return the largest difference of a pixel, or that of some lines if it is *least* or more."""
    few = cv2.norm(before[::_SAMPLE], after[::_SAMPLE], cv2.NORM_INF)
    return few if few >= least else cv2.norm(before, after, cv2.NORM_INF)


def _spots(apart: Plane, area: Region, step: int, gain: float, threshold: int) -> tuple[float, Region | None]:
    least, highest = math.ceil(threshold / gain), cv2.minMaxLoc(apart)[1]
    noise = highest < _NOISE * least and cv2.countNonZero(_above(apart, least)) < _SPOT.size
    if noise:  # most of the others
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
