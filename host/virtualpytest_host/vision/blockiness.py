"""How much of a picture shows the blocks that it was coded in; no picture without them is needed beside it.

The step over a block's edge is held against the steps beside it, as by R. Muijs and I. Kirenko, "A no-reference
blocking artifact measure for adaptive video processing", EUSIPCO 2005: where a step is so much larger, it is visible.
A tile is blocky where that is so along many of the edges of its blocks, across and down, and nowhere else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from pytest_virtualpytest.exceptions import ReferenceNotFound
from pytest_virtualpytest.models import Region
from pytest_virtualpytest.targets import Blockiness
from virtualpytest_host.needs import host_extra
from virtualpytest_host.picture import Picture
from virtualpytest_host.vision.area import clip
from virtualpytest_host.vision.planes import Plane, coding
from virtualpytest_host.vision.verdict import Verdict

with host_extra("vision"):
    import cv2

_TILE = 8  # blocks
_VISIBLE, _DRAWN = 2.0, 48.0  # gray levels of a step that can be seen, and of one that was drawn
_LARGER = 2.0  # than the mean of the three steps on each side
_EDGES = 0.3  # share of a tile's edges that are visible
_ELSEWHERE = 2.0  # times as many as between the edges


@dataclass(frozen=True)
class Blocks:
    """Which *share* of the tiles is blocky, and where most of them are."""

    share: float
    region: Region | None


def blocks(picture: Picture, region: Region | None, grid: int) -> Blocks:
    """Return how blocky *picture* is within *region*, blocks being *grid* pixels wide and high from its corner on."""
    area = _whole_tiles(clip(region, picture, "blockiness"), grid, region)
    luma = picture.luma[area.y : area.y + area.height + 1, area.x : area.x + area.width + 1]
    gain = coding(picture).luma_gain
    across = _shares(luma[: area.height], grid, gain)
    down = _shares(np.ascontiguousarray(luma[:, : area.width].T), grid, gain).transpose(1, 0, 2)
    edges = np.minimum(across[:, :, -1], down[:, :, -1])
    between = [phase for phase in range(grid - 1) if abs(phase + 1 - grid / 2) >= 1 and phase not in {0, grid - 2}]
    elsewhere = np.maximum(across[:, :, between], down[:, :, between]).max(axis=2)
    blocky = (edges >= _EDGES) & (edges >= _ELSEWHERE * elsewhere)
    return Blocks(float(blocky.mean()), _around(blocky, area, grid * _TILE))


def _whole_tiles(area: Region, grid: int, region: Region | None) -> Region:
    """Return the part of *area* that is whole tiles, one more pixel beside it."""
    left, top, side = -(-area.x // grid) * grid, -(-area.y // grid) * grid, grid * _TILE
    wide = (area.x + area.width - left - 1) // side * side
    high = (area.y + area.height - top - 1) // side * side
    if not wide or not high:
        where = region or f"the picture, {area.width}x{area.height},"
        raise ReferenceNotFound(f"blockiness: {where} has no room for {side}x{side} pixels from a block's corner on")
    return Region(left, top, wide, high)


def _shares(luma: Plane, grid: int, gain: float) -> NDArray[np.float32]:
    """Return for each tile, and each place within a block, the share of steps there that are larger than others.

    Shape (tiles down, tiles across, grid); the last place is the edge to the next block.
    """
    steps = cast(Plane, cv2.absdiff(luma[:, 1:], luma[:, :-1]))
    high, wide = steps.shape[0] // grid, steps.shape[1]
    mean = _along(steps, grid) * np.float32(gain)
    around = (cv2.blur(mean, (7, 1)) * 7 - mean) / 6
    larger = (mean >= _VISIBLE) & (mean <= _DRAWN) & (mean >= _LARGER * around)
    tiles = larger.reshape(high // _TILE, _TILE, wide // grid // _TILE, _TILE, grid)
    return cast(NDArray[np.float32], tiles.mean(axis=(1, 3), dtype=np.float32))


def _along(steps: Plane, grid: int) -> NDArray[np.float32]:
    """Return the mean of each *grid* steps that lie below one another."""
    high, wide = steps.shape
    return cast(NDArray[np.float32], steps.reshape(high // grid, grid, wide).mean(axis=1, dtype=np.float32))


def _around(blocky: NDArray[np.bool_], area: Region, side: int) -> Region | None:
    """Return the box around the blocky tiles."""
    if not blocky.any():
        return None
    rows, columns = np.flatnonzero(blocky.any(axis=1)), np.flatnonzero(blocky.any(axis=0))
    wide, high = columns[-1] - columns[0] + 1, rows[-1] - rows[0] + 1
    return Region(
        area.x + int(columns[0]) * side, area.y + int(rows[0]) * side, int(wide) * side, int(high) * side
    )  # fmt: skip


class SeesBlockiness:
    """Looks for the edges of blocks."""

    remembers = False

    def __init__(self, target: Blockiness) -> None:
        self._target = target

    def see(self, picture: Picture) -> Verdict:
        """Judge one frame."""
        found, wanted = blocks(picture, self._target.region, self._target.grid), self._target.share
        share, area = round(found.share, 4), self._target.region
        if share >= wanted:
            return Verdict(True, share, wanted, found.region, area=area)
        why = f"{share:.0%} of it shows the edges of blocks, at least {wanted:.0%} wanted"
        return Verdict(False, share, wanted, found.region, why, area)
