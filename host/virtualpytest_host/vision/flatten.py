"""Make dark letters on white of whatever letters a picture has.

Menus mix light on dark with dark on light, on gradients; an engine that reads paper wants neither. The
background of a place is the median around it, in a window that letters fill by less than half; what differs
from it, either way, is ink. What is too large to be a letter, or runs around letters, is a frame or a picture.
"""

from __future__ import annotations

from typing import cast

import numpy as np
from numpy.typing import NDArray

from virtualpytest_host.needs import host_extra
from virtualpytest_host.vision.planes import Plane

with host_extra("vision"):
    import cv2

_WINDOW = 45  # pixels of a screen 720 high, or lower
_GAIN = 2.0
_INK = 80
_TALLEST = 110  # the same
_REACH = 128.0  # how far from the colour of the letters a colour is not theirs at all


def flattened(plane: Plane, height: int) -> Plane:
    """Return *plane*, part of a screen *height* high, with its letters dark on white."""
    window = _scaled(_WINDOW, height) // 2 | 1
    apart = cv2.absdiff(plane, _background(plane, window))
    return without_frames(cast(Plane, cv2.bitwise_not(cv2.convertScaleAbs(apart, alpha=_GAIN))), height)


def coloured(bgr: Plane, rgb: tuple[int, int, int], height: int) -> Plane:
    """Return *bgr* with what is of colour *rgb* dark on white."""
    apart = cv2.absdiff(bgr, np.full_like(bgr, rgb[::-1])).astype(np.float32)
    far = np.sqrt(np.square(apart).sum(axis=2))
    return without_frames(np.asarray(np.minimum(far * (255 / _REACH), 255), np.uint8), height)


def without_frames(plane: Plane, height: int) -> Plane:
    """Return *plane* without the dark shapes that are no letters."""
    ink = cv2.threshold(plane, 255 - _INK, 255, cv2.THRESH_BINARY_INV)[1]
    count, found, boxes, _ = cv2.connectedComponentsWithStats(ink)
    labels = np.asarray(found, np.int32)
    tallest, gone = _scaled(_TALLEST, height), np.zeros(count, np.uint8)
    for number in range(1, count):
        x, y, wide, high, _ = (int(value) for value in boxes[number])
        if high > tallest or (wide > 2.5 * high and high > 4 and _runs_around(labels, number, x, y, wide, high)):
            gone[number] = 255
    if not gone.any():
        return plane
    erased = cv2.dilate(gone[labels], np.ones((5, 5), np.uint8))
    return cast(Plane, cv2.bitwise_or(plane, erased))


def _scaled(pixels: int, height: int) -> int:
    return max(pixels, pixels * height // 720)


def _background(plane: Plane, window: int) -> Plane:
    """Return the background, found at half the size."""
    high, wide = plane.shape
    half = cv2.resize(plane, (max(1, wide // 2), max(1, high // 2)), interpolation=cv2.INTER_AREA)
    return cast(Plane, cv2.resize(cv2.medianBlur(half, window), (wide, high), interpolation=cv2.INTER_NEAREST))


def _runs_around(labels: NDArray[np.int32], number: int, x: int, y: int, wide: int, high: int) -> bool:
    """Tell whether a shape fills the upper and the lower edge of its own box."""
    edges = (labels[y : y + 3, x : x + wide], labels[y + high - 3 : y + high, x : x + wide])
    return all(bool(((edge == number).any(axis=0)).mean() > 0.6) for edge in edges)
