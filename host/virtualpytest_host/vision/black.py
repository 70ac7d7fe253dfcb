"""Is the picture black?"""

from __future__ import annotations

from dataclasses import dataclass

from pytest_virtualpytest.models import Region
from virtualpytest_host.needs import host_extra
from virtualpytest_host.picture import Picture
from virtualpytest_host.vision.area import clip
from virtualpytest_host.vision.planes import Plane, coding

with host_extra("vision"):
    import cv2

_SAMPLE = 16


@dataclass(frozen=True)
class Bright:
    """A pixel and its brightness or colourfulness, 0–255: the largest, or the first found above the threshold."""

    level: float
    x: int
    y: int


def brightest(picture: Picture, region: Region | None = None, threshold: int = 20) -> Bright:
    """Return the brightest pixel of *region*; any above *threshold* will do, it is the answer to "is it black?".

    Brightness is on 0–255 whatever the codec's range: 16 in an ordinary stream's luma is 0 here. A dark
    blue is not black: colour counts as light.
    """
    area, how = clip(region, picture, "black"), coding(picture)
    luma = picture.luma[area.y : area.y + area.height, area.x : area.x + area.width]
    floor = 0 if how.full_range else 16
    few = _highest(luma[::_SAMPLE], floor, how.luma_gain, _SAMPLE)
    found = few if few.level > threshold else _highest(luma, floor, how.luma_gain, 1)
    if found.level <= threshold:
        colours = (_colourful(plane, area, how.chroma_gain) for plane in picture.chroma)
        found = max(found, *colours, key=lambda light: light.level)
    return Bright(found.level, area.x + found.x, area.y + found.y)


def _colourful(plane: Plane, area: Region, gain: float) -> Bright:
    right, bottom = -(-(area.x + area.width) // 2), -(-(area.y + area.height) // 2)
    half = plane[area.y // 2 : bottom, area.x // 2 : right]
    low, high, lowest, highest = cv2.minMaxLoc(half)
    value, (x, y) = (high - 128, highest) if high + low > 256 else (128 - low, lowest)
    return Bright(max(0.0, value * gain), int(x) * 2, int(y) * 2)


def _highest(plane: Plane, floor: int, gain: float, step: int) -> Bright:
    _, value, _, (x, y) = cv2.minMaxLoc(plane)
    return Bright(max(0.0, (value - floor) * gain), int(x), int(y) * step)
