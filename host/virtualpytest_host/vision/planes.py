"""Luma and chroma of reference pictures, as the codec would have them, and pyramids of frames.

A frame is judged on the codec's own planes: 16–235 for most video, 0–255 where the source is full
range. A reference comes as RGB, so it is taken to the planes of the frame, never the other way round.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, cast

import numpy as np
from numpy.typing import NDArray

from virtualpytest_host.needs import host_extra
from virtualpytest_host.picture import Picture

with host_extra("vision"):
    import cv2

Plane = NDArray[np.uint8]
Channel = Literal["luma", "blue", "green", "red"]
_BGR: tuple[Channel, ...] = ("blue", "green", "red")
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


def pyramid(picture: Picture, channel: Channel, level: int) -> Plane:
    """Return *channel* of *picture*, halved *level* times; kept with the picture for its next check."""
    key = ("pyramid", channel, level)
    if key not in picture.cache:
        picture.cache[key] = _plane(picture, channel) if level == 0 else halved(pyramid(picture, channel, level - 1))
    return cast(Plane, picture.cache[key])


def halved(plane: Plane) -> Plane:
    """Return *plane* at half its size."""
    return cast(Plane, cv2.pyrDown(plane))


def _plane(picture: Picture, channel: Channel) -> Plane:
    if channel == "luma":
        return picture.luma
    return np.ascontiguousarray(picture.bgr()[:, :, _BGR.index(channel)])


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
