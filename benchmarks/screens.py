"""What benchmarks/vision.py looks at: screens of the virtual product with noise, and parts of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from virtualpytest_host.picture import Picture
from virtualpytest_host.virtual import drawing
from virtualpytest_host.vision.reference import Reference

from pytest_virtualpytest.models import Region

Pixels = NDArray[np.uint8]
SIZES = ((32, 32), (100, 60), (300, 200))
HEIGHTS = (720, 1080)
KINDS = ("present", "absent", "masked", "region")


@dataclass(frozen=True)
class Case:
    """A screen, also as a codec has it, and what is looked for; *place* is where it is, None if it is absent."""

    kind: str
    frame: Pixels
    picture: Picture
    gray: Pixels
    part: Pixels
    mask: Pixels | None
    reference: Reference
    place: tuple[int, int] | None
    area: Region

    @property
    def cut(self) -> tuple[slice, slice]:
        """What of the frame is searched."""
        x, y, wide, high = self.area
        return slice(y, y + high), slice(x, x + wide)

    @property
    def full(self) -> bool:
        """Whether the whole frame is searched, without a mask."""
        return self.kind in {"present", "absent"}


def made() -> Iterator[Case]:
    """Yield the 24 cases."""
    for height, size, kind in itertools.product(HEIGHTS, SIZES, KINDS):
        yield _case(height, size, kind)


def noisy(pixels: Pixels, seed: int, sigma: float = 2.5) -> Pixels:
    """Return *pixels* with Gaussian noise."""
    noise = np.random.default_rng(seed).normal(0, sigma, pixels.shape)
    return np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8)


def reference(part: Pixels, mask: Pixels | None = None) -> Reference:
    return Reference("part", np.ascontiguousarray(part), mask)


def grayed(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY), np.uint8)


def spots(screen: Pixels, wide: int, high: int) -> list[tuple[int, int]]:
    """Return places on *screen* whose parts of that size overlap at most in half, those with most to see first."""
    across = range(51, screen.shape[1] - wide, max(61, wide // 2 + 1))
    down = range(37, screen.shape[0] - high, max(43, high // 2 + 1))
    return sorted(itertools.product(across, down), key=lambda at: -_seen(screen, at, wide, high))


def _seen(screen: Pixels, at: tuple[int, int], wide: int, high: int) -> float:
    return float(screen[at[1] : at[1] + high, at[0] : at[0] + wide].std())


def _case(height: int, size: tuple[int, int], kind: str) -> Case:
    wide, high = size
    home, guide = (cv2.resize(made, (height * 16 // 9, height)) for made in (drawing.home(0), drawing.guide(0, 0)))
    screen = guide if kind == "absent" else home
    x, y = spots(screen, wide, high)[0]
    part = np.ascontiguousarray(screen[y : y + high, x : x + wide])
    mask = np.where(np.hypot(*np.ogrid[-1 : 1 : high * 1j, -1 : 1 : wide * 1j]) < 1, 255, 0).astype(np.uint8)
    cover = mask if kind == "masked" else None
    frame = noisy(home, height)
    whole = Region(0, 0, frame.shape[1], frame.shape[0])
    area = Region(x - 30, y - 20, wide + 60, high + 40) if kind == "region" else whole
    place = None if kind == "absent" else (x, y)
    return Case(kind, frame, Picture.from_bgr(frame), grayed(frame), part, cover, reference(part, cover), place, area)
