"""Regions of a picture."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_virtualpytest.exceptions import ReferenceNotFound
from pytest_virtualpytest.models import Region
from virtualpytest_host.picture import Picture


def clip(region: Region | None, picture: Picture, who: str) -> Region:
    """Return the part of *region* that *picture* has, or the whole picture; *who* looks for something there."""
    if region is None:
        return Region(0, 0, picture.width, picture.height)
    left, top = max(0, region.x), max(0, region.y)
    right, bottom = min(picture.width, region.x + region.width), min(picture.height, region.y + region.height)
    if right <= left or bottom <= top:
        size = f"{picture.width}x{picture.height}"
        raise ReferenceNotFound(f"{who}: region {region} is empty or outside of the picture, {size}")
    return Region(left, top, right - left, bottom - top)


def around(boxes: Sequence[Region]) -> Region:
    """Return the box around *boxes*."""
    x, y = min(box.x for box in boxes), min(box.y for box in boxes)
    right, bottom = max(box.x + box.width for box in boxes), max(box.y + box.height for box in boxes)
    return Region(x, y, right - x, bottom - y)


def overlap(a: Region, b: Region) -> bool:
    """Tell whether two regions have a pixel in common."""
    across = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    return across > 0 and min(a.y + a.height, b.y + b.height) > max(a.y, b.y)


def scaled(region: Region | None, across: float, down: float) -> Region | None:
    """Return *region* on a screen *across* times as wide and *down* times as high; it never shrinks by rounding."""
    if region is None or across == down == 1:
        return region
    left, top = int(region.x * across), int(region.y * down)
    right, bottom = -int(-(region.x + region.width) * across // 1), -int(-(region.y + region.height) * down // 1)
    return Region(left, top, right - left, bottom - top)
