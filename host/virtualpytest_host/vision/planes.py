"""Luma and chroma of reference pictures, as the codec would have them, and pyramids of frames.

A frame is judged on the codec's own planes: 16–235 for most video, 0–255 where the source is full
range. A reference comes as RGB, so it is taken to the planes of the frame, never the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from pytest_virtualpytest.models import Region
from virtualpytest_host.needs import host_extra
from virtualpytest_host.picture import Picture

with host_extra("vision"):
    import cv2

Plane = NDArray[np.uint8]
Channel = Literal["luma", "blue", "green", "red"]
_BGR: tuple[Channel, ...] = ("blue", "green", "red")
_GRID, _AROUND = 8, 16  # pixels: halving thrice looks 14 pixels around
_SMALL = 4  # times smaller than the picture
_WEIGHTS = {"bt601": (0.299, 0.114), "bt709": (0.2126, 0.0722)}  # of red and of blue in luma


@dataclass(frozen=True)
class Coding:
    """How a stream writes light into its planes."""

    full_range: bool
    matrix: str

    @property
    def luma_gain(self) -> float:
        """Return what makes a luma difference one of 0–255."""
        return 1.0 if self.full_range else 255 / 219

    @property
    def chroma_gain(self) -> float:
        """Return what makes a chroma difference one of 0–255."""
        return 1.0 if self.full_range else 255 / 224

    def planes(self, bgr: Plane) -> tuple[Plane, Plane, Plane]:
        """Return *bgr* as Y, U and V planes of full size."""
        y, u, v = cv2.split(cv2.transform(bgr, self._transform()))
        return cast(Plane, y), cast(Plane, u), cast(Plane, v)

    def _transform(self) -> NDArray[np.float64]:
        red, blue = _WEIGHTS.get(self.matrix, _WEIGHTS["bt601"])
        luma = np.array([blue, 1 - red - blue, red])
        u = (np.array([1.0, 0, 0]) - luma) / (2 * (1 - blue)) / self.chroma_gain
        v = (np.array([0, 0, 1.0]) - luma) / (2 * (1 - red)) / self.chroma_gain
        y = np.append(luma / self.luma_gain, 0 if self.full_range else 16)
        return np.array([y, np.append(u, 128), np.append(v, 128)])


def coding(picture: Picture) -> Coding:
    """Return how *picture* is coded."""
    return Coding(picture.full_range, picture.matrix)


@dataclass(frozen=True)
class Sheet:
    """A plane of a picture or of a part of it, halved some times; (*x*, *y*) of the whole, so halved, is its corner."""

    plane: Plane
    x: int
    y: int

    def cut(self, x: int, y: int, wide: int, high: int) -> Plane:
        """Return what the whole has at a place."""
        left, top = x - self.x, y - self.y
        return self.plane[top : top + high, left : left + wide]


def pyramid(picture: Picture, channel: Channel, count: int, region: Region | None = None) -> list[Sheet]:
    """Return *channel* of *picture*, halved up to *count* - 1 times; kept with the picture for its next check.

    Within *region* it is as that of the whole; where the region is small, the rest is not made.
    """
    box = _box(region, picture)
    return [_sheet(picture, channel, level, box) for level in range(count)]


def _box(region: Region | None, picture: Picture) -> Region:
    """Return *region* and what halving it thrice needs around it, on the coarsest grid; all, where that is no less."""
    whole = Region(0, 0, picture.width, picture.height)
    if region is None:
        return whole
    left, top = (max(0, side - _AROUND) // _GRID * _GRID for side in region[:2])
    right = min(whole.width, region.x + region.width + _AROUND)
    bottom = min(whole.height, region.y + region.height + _AROUND)
    small = (right - left) * (bottom - top) * _SMALL < whole.width * whole.height
    return Region(left, top, right - left, bottom - top) if small else whole


def _sheet(picture: Picture, channel: Channel, level: int, box: Region) -> Sheet:
    key = ("pyramid", channel, level, box)
    if key not in picture.cache:
        plane = halved(_sheet(picture, channel, level - 1, box).plane) if level else _plane(picture, channel, box)
        picture.cache[key] = Sheet(plane, box.x >> level, box.y >> level)
    return cast(Sheet, picture.cache[key])


def halved(plane: Plane) -> Plane:
    """Return *plane* at half its size."""
    return cast(Plane, cv2.pyrDown(plane))


def _plane(picture: Picture, channel: Channel, box: Region) -> Plane:
    rows, columns = slice(box.y, box.y + box.height), slice(box.x, box.x + box.width)
    if channel == "luma":
        return picture.luma[rows, columns]
    return np.ascontiguousarray(picture.bgr()[rows, columns, _BGR.index(channel)])


def strongest(bgr: Plane, luma: Plane, mask: Plane | None) -> tuple[Channel, Plane]:
    """Return the channel to search on: luma, or a colour where luma alone shows next to nothing."""
    if contrast(luma, mask) >= 16:
        return "luma", luma
    planes: list[tuple[Channel, Plane]] = [(name, bgr[:, :, i]) for i, name in enumerate(_BGR)]
    best = max([("luma", luma), *planes], key=lambda item: contrast(item[1], mask))
    return best[0], np.ascontiguousarray(best[1])


def contrast(plane: Plane, mask: Plane | None) -> float:
    """Return the difference of the brightest and the darkest places of *plane*."""
    low, high, _, _ = cv2.minMaxLoc(plane, mask)
    return float(high - low)
