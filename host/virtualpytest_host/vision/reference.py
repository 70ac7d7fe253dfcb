"""A reference picture, made ready once for every frame that it is looked for in."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from pytest_virtualpytest.exceptions import ReferenceNotFound
from virtualpytest_host.needs import host_extra
from virtualpytest_host.vision.planes import Channel, Coding, Plane, contrast, halved, strongest

with host_extra("vision"):
    import cv2

LEAST_CONTRAST = 16  # of 255: less is flat, and is found on any flat area
LEAST_SIDE = 4
LEVELS = 4
WINDOW = (5, 5)
_COARSE_SIDE, _COARSE_PIXELS = 5, 60
_COARSE_SPREAD = 0.3  # where halving leaves less than this of the contrast, what told it from others is lost
_FLOOR, _COLOUR_FLOOR = 64.0, 40.0  # of 255: where there is less contrast than this, less of a difference is none
_AROUND = np.ones((11, 11), np.uint8)


@dataclass(frozen=True)
class Level:
    """A reference, halved some times: its place is ``x / 2**n + offset`` for a place *x* of the picture.

    *blur* is what the halving alone can cost, as an RMS difference, where *x* is no multiple of ``2**n``.
    """

    plane: Plane
    mask: Plane | None
    offset: float
    count: int
    blur: float

    @property
    def size(self) -> tuple[int, int]:
        """Return width and height."""
        return self.plane.shape[1], self.plane.shape[0]


@dataclass(frozen=True)
class Detail:
    """A plane of the reference, and the weight of a difference at each of its pixels."""

    plane: Plane
    mask: Plane | None
    weight: NDArray[np.float32]
    tolerance: float  # RMS of a difference that is as large as the contrast everywhere


@dataclass(frozen=True)
class Prepared:
    """A reference for frames of one coding."""

    channel: Channel
    spread: float  # standard deviation of that channel
    levels: tuple[Level, ...]
    luma: Detail
    chroma: tuple[tuple[Detail, Detail] | None, ...]  # by parity of the place: 2 * (y odd) + (x odd)


class Reference:
    """A reference picture; *mask* is 255 where it counts and 0 where anything matches."""

    def __init__(self, name: str, bgr: Plane, mask: Plane | None = None) -> None:
        self.name = name
        self.bgr = bgr
        self.mask = None if mask is None or bool(mask.all()) else mask
        self.height, self.width = bgr.shape[:2]
        self.prepare = functools.cache(self._prepare)
        self._check()

    def __deepcopy__(self, _memo: object) -> Reference:
        """Return the reference itself: it does not change."""
        return self

    @classmethod
    def decode(cls, name: str, content: bytes, mask: bytes = b"") -> Reference:
        """Return the reference in *content*, an encoded picture; a separate *mask* is white where it counts."""
        pixels = _decode(name, content)
        opaque = None
        if pixels.shape[2] == 4:
            opaque = np.where(pixels[:, :, 3] == 255, 255, 0).astype(np.uint8)
        if mask:
            opaque = _combine(name, pixels, opaque, _decode(f"mask of {name}", mask))
        return cls(name, np.ascontiguousarray(pixels[:, :, :3]), opaque)

    def scaled(self, across: float, down: float) -> Reference:
        """Return this reference for a screen that is *across* times as wide and *down* times as high."""
        size = max(1, round(self.width * across)), max(1, round(self.height * down))
        how = cv2.INTER_AREA if across < 1 or down < 1 else cv2.INTER_LINEAR
        bgr = cast(Plane, cv2.resize(self.bgr, size, interpolation=how))
        mask = None if self.mask is None else cv2.resize(self.mask, size, interpolation=how)
        return Reference(self.name, bgr, None if mask is None else np.where(mask == 255, 255, 0).astype(np.uint8))

    def _check(self) -> None:
        size = f"{self.width}x{self.height}"
        if min(self.width, self.height) < LEAST_SIDE:
            raise ReferenceNotFound(f"{self.name}: {size} pixels are too few to be told from anything else")
        if self.mask is not None and not self.mask.any():
            raise ReferenceNotFound(f"{self.name}: all of its {size} pixels are transparent: it would match anything")
        if max(contrast(self.bgr[:, :, i], self.mask) for i in range(3)) < LEAST_CONTRAST:
            raise ReferenceNotFound(f"{self.name}: it is flat, one colour all over: it would match any such area")

    def _contrast(self, luma: Plane, coding: Coding) -> float:
        return contrast(luma, self.mask) * coding.luma_gain

    def _prepare(self, coding: Coding) -> Prepared:
        luma, *chroma = coding.planes(self.bgr)
        channel, plane = strongest(self.bgr, luma, self.mask)
        return Prepared(
            channel,
            _spread(plane, self.mask),
            tuple(_levels(plane, self.mask)),
            _detail(luma, self.mask, coding.luma_gain, min(_FLOOR, max(24.0, 0.6 * self._contrast(luma, coding)))),
            tuple(_chroma(chroma, self.mask, coding, parity) for parity in range(4)),
        )


def _decode(name: str, content: bytes) -> Plane:
    pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED) if content else None
    if pixels is None:
        raise ReferenceNotFound(f"{name}: its {len(content)} bytes cannot be read as a picture")
    if pixels.dtype == np.uint16:
        pixels = (pixels // 256).astype(np.uint8)
    if pixels.dtype != np.uint8:
        raise ReferenceNotFound(f"{name}: its pixels are {pixels.dtype}; save it with 8 or 16 bits a channel")
    if pixels.ndim == 2:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR)
    return cast(Plane, pixels)


def _combine(name: str, pixels: Plane, opaque: Plane | None, mask: Plane) -> Plane:
    if mask.shape[:2] != pixels.shape[:2]:
        wide, high = pixels.shape[1], pixels.shape[0]
        raise ReferenceNotFound(f"{name}: its mask is {mask.shape[1]}x{mask.shape[0]}, the picture {wide}x{high}")
    counts = mask[:, :, :3].max(axis=2) > 127
    if mask.shape[2] == 4:
        counts &= mask[:, :, 3] == 255
    if opaque is not None:
        counts &= opaque == 255
    return np.where(counts, 255, 0).astype(np.uint8)


def _levels(plane: Plane, mask: Plane | None) -> list[Level]:
    count = plane.size if mask is None else cv2.countNonZero(mask)
    levels = [Level(plane, mask, 0.0, count, 0.0)]
    small, offset = plane, 0.0
    while len(levels) < LEVELS and min(small.shape) >= 2 * _COARSE_SIDE + 4:
        small, mask, offset = _half(small), _half_mask(mask), offset / 2 + 1
        count = small.size if mask is None else cv2.countNonZero(mask)
        if count < _COARSE_PIXELS or _spread(small, mask) < _COARSE_SPREAD * _spread(plane, levels[0].mask):
            break
        levels.append(Level(small, mask, offset, count, _blur(plane, small, mask, len(levels))))
    return levels


def _spread(plane: Plane, mask: Plane | None) -> float:
    return float(cv2.meanStdDev(plane, mask=mask)[1][0, 0])


def _half(plane: Plane) -> Plane:
    return np.ascontiguousarray(halved(plane)[1:-1, 1:-1])  # the outermost know nothing of what is around


def _half_mask(mask: Plane | None) -> Plane | None:
    return None if mask is None else np.where(_half(mask) == 255, 255, 0).astype(np.uint8)


def _blur(plane: Plane, small: Plane, mask: Plane | None, level: int) -> float:
    worst = 0.0
    step = 2 ** (level - 1)
    for down, across in ((0, step), (step, 0), (step, step)):
        moved = np.ascontiguousarray(plane[down:, across:])
        for _ in range(level):
            moved = _half(moved)
        high, wide = moved.shape
        part = None if mask is None else np.ascontiguousarray(mask[:high, :wide])
        count = moved.size if part is None else cv2.countNonZero(part)
        if count:
            apart = cv2.norm(np.ascontiguousarray(small[:high, :wide]), moved, cv2.NORM_L2SQR, part)
            worst = max(worst, (apart / count) ** 0.5)
    return worst


def _detail(plane: Plane, mask: Plane | None, gain: float, floor: float) -> Detail:
    most = plane if mask is None else cv2.bitwise_and(plane, mask)
    least = plane if mask is None else cv2.bitwise_or(plane, cv2.bitwise_not(mask))
    around = cv2.subtract(cv2.dilate(most, _AROUND), cv2.erode(least, _AROUND)).astype(np.float32) * gain
    weight = np.float32(gain) / np.maximum(around, np.float32(floor))
    if mask is not None:
        share = cv2.blur((mask // 255).astype(np.float32), WINDOW)
        weight = np.where(share > 0, weight / np.maximum(share, np.float32(1 / 3)), 0)
    felt = weight[weight > 0] if mask is None else weight[mask > 0]
    return Detail(plane, mask, weight.astype(np.float32), float(np.sqrt(np.mean(np.square(1 / felt)))))


def _chroma(planes: list[Plane], mask: Plane | None, coding: Coding, parity: int) -> tuple[Detail, Detail] | None:
    down, across = divmod(parity, 2)
    high, wide = (planes[0].shape[0] - down) // 2, (planes[0].shape[1] - across) // 2

    def cut(plane: Plane) -> Plane:
        part = plane[down : down + 2 * high, across : across + 2 * wide]
        return cast(Plane, cv2.resize(part, (wide, high), interpolation=cv2.INTER_AREA))

    part = None if mask is None else np.where(cut(mask) == 255, 255, 0).astype(np.uint8)
    if part is not None and not part.any():
        return None
    u, v = (_detail(cut(plane), part, coding.chroma_gain, _COLOUR_FLOOR) for plane in planes)
    return u, v
