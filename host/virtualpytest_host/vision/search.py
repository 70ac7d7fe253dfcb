"""Where in a picture a reference may be: coarse to fine on one plane, best place first.

The whole area is searched once, at a coarse level of the pyramid; each place there that could still be
the best one is followed down to its exact pixel. Halving blurs a reference that does not lie on the
coarse grid, by an amount that is known of each reference: where too many places are within that
amount of the best one, the coarse level cannot tell them apart, and the next finer one is searched.
Along an edge or a stripe even that can end a few pixels beside the true place; `everywhere` looks at all.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from virtualpytest_host.needs import host_extra
from virtualpytest_host.picture import Picture
from virtualpytest_host.vision.planes import Plane, pyramid
from virtualpytest_host.vision.reference import Level, Prepared

with host_extra("vision"):
    import cv2

_FEW = (0, 160, 48, 24)  # places worth following from each level, rather than searching the next finer one
_MANY = 400
_STEPS = 16
_VALLEY = 1.02  # along an edge there is no lowest place, but a row of nearly equal ones
_BLOCK = 3
_SORTED = 2 * _MANY * _BLOCK**2  # more than these are too many for any level
_NEIGHBOURS = np.ones((3, 3), np.uint8)


class Place(NamedTuple):
    """A place, and the RMS difference there, in levels of the plane that was searched."""

    apart: float
    x: int
    y: int


@dataclass(frozen=True)
class Bounds:
    """Where the top left corner may be, all four inclusive."""

    left: int
    top: int
    right: int
    bottom: int

    def at(self, level: Level, halvings: int, plane: Plane) -> Bounds | None:
        """Return these bounds on a coarser plane, or None where nothing is left of them."""
        scale, off = 2**halvings, level.offset
        wide, high = level.size
        left, top = (max(0, math.floor(side / scale + off)) for side in (self.left, self.top))
        right = min(plane.shape[1] - wide, math.ceil(self.right / scale + off))
        bottom = min(plane.shape[0] - high, math.ceil(self.bottom / scale + off))
        return Bounds(left, top, right, bottom) if left <= right and top <= bottom else None

    def clamp(self, x: int, y: int) -> tuple[int, int]:
        """Return the nearest place within."""
        return min(max(x, self.left), self.right), min(max(y, self.top), self.bottom)

    def around(self, x: int, y: int) -> list[tuple[int, int]]:
        """Return a place and its neighbours, those within."""
        columns = range(max(x - 1, self.left), min(x + 1, self.right) + 1)
        rows = range(max(y - 1, self.top), min(y + 1, self.bottom) + 1)
        return [(i, j) for i in columns for j in rows]


class Search:
    """The search for one reference in one picture; *limit* is the RMS difference above which nothing matches."""

    def __init__(self, picture: Picture, prepared: Prepared, bounds: Bounds, limit: float) -> None:
        self._levels = prepared.levels
        self._planes = [pyramid(picture, prepared.channel, number) for number in range(len(self._levels))]
        found = [bounds.at(level, i, self._planes[i]) for i, level in enumerate(self._levels)]
        self._bounds = [item for item in found if item is not None]
        self._top = next((i for i, item in enumerate(found) if item is None), len(found)) - 1
        self._limit = limit
        self._heats: dict[int, NDArray[np.float32]] = {}
        self._known = [dict[tuple[int, int], float]() for _ in self._levels]
        self._ends = [dict[tuple[int, int], tuple[int, int]]() for _ in self._levels]

    def places(self, margin: float) -> list[Place]:
        """Return the places within *margin* of the best one, best first; at least one, however unlike."""
        number, coarse = self._coarse(margin)
        found: dict[tuple[int, int], Place] = {}
        best = math.inf
        for start in coarse:
            place = self._follow(number, start, best + margin, first=not found)
            if place is not None:
                best = min(best, place.apart)
                found[place.x, place.y] = place
        return sorted(found.values())

    def everywhere(self) -> list[Place]:
        """Return the places within the limit, best first, after a look at each one: slower by far than `places`."""
        heat = self._heat(0)
        return self._best_of(0, heat <= max(float(heat.min()), self._limit))[:_MANY]

    def settle(self, place: Place, cost: Callable[[Place], float]) -> Place:
        """Return where going downhill in *cost* leads from *place*."""

        def known(spot: tuple[int, int]) -> float:
            return cost(Place(self._apart(0, spot), *spot))

        ends: dict[tuple[int, int], tuple[int, int]] = {}
        spot = self._downhill(0, place[1:], functools.cache(known), ends)
        return Place(self._apart(0, spot), *spot)

    def _coarse(self, margin: float) -> tuple[int, list[Place]]:
        for number in range(self._top, 0, -1):
            places, few = self._minima(number, margin), _MANY if margin == math.inf else _FEW[number]
            hopeless = places[0].apart > self._limit + self._levels[number].blur  # any is as near as another
            if hopeless or len(places) <= few:
                return number, places[:few]
        return 0, self._minima(0, margin)[:_MANY]

    def _minima(self, number: int, margin: float) -> list[Place]:
        heat, blur = self._heat(number), self._levels[number].blur
        lowest = float(heat.min())
        worst = max(lowest, min(self._limit + blur, lowest + 2 * blur + margin))
        return self._best_of(number, (heat <= worst) & (heat <= cv2.erode(heat, _NEIGHBOURS) * _VALLEY + 0.1))

    def _best_of(self, number: int, near: NDArray[np.bool_]) -> list[Place]:
        heat, bounds = self._heat(number), self._bounds[number]
        rows, columns = _thinned(heat, *np.nonzero(near))
        return [
            Place(float(heat[y, x]), int(x) + bounds.left, int(y) + bounds.top)
            for y, x in zip(rows[: 2 * _MANY], columns[: 2 * _MANY], strict=True)
        ]

    def _heat(self, number: int) -> NDArray[np.float32]:
        if number not in self._heats:
            level, bounds, plane = self._levels[number], self._bounds[number], self._planes[number]
            wide, high = level.size
            area = plane[bounds.top : bounds.bottom + high, bounds.left : bounds.right + wide]
            squares = cv2.matchTemplate(area, level.plane, cv2.TM_SQDIFF, mask=level.mask)
            self._heats[number] = np.sqrt(np.maximum(squares, 0) * np.float32(1 / level.count))
        return self._heats[number]

    def _follow(self, number: int, place: Place, most: float, *, first: bool) -> Place | None:
        for finer in range(number - 1, -1, -1):
            x, y = (2 * (side - self._levels[finer + 1].offset) + self._levels[finer].offset for side in place[1:])
            place = self._climb(finer, round(x), round(y))
            blur = self._levels[finer].blur
            if not first and place.apart > min(self._limit + blur, most + 2 * blur):
                return None
        return place

    def _climb(self, number: int, x: int, y: int) -> Place:
        start = self._bounds[number].clamp(x, y)
        spot = self._downhill(number, start, lambda each: self._apart(number, each), self._ends[number])
        return Place(self._apart(number, spot), *spot)

    def _downhill(
        self,
        number: int,
        spot: tuple[int, int],
        cost: Callable[[tuple[int, int]], float],
        ends: dict[tuple[int, int], tuple[int, int]],
    ) -> tuple[int, int]:
        """Return the lowest place that steps to the lowest neighbour lead to; *ends* are those of earlier walks."""
        path: list[tuple[int, int]] = []
        while spot not in ends and len(path) < _STEPS:
            path.append(spot)
            spot = min(self._bounds[number].around(*spot), key=lambda each: (cost(each), each))
            if spot == path[-1]:
                break
        end = ends.get(spot, spot)
        ends.update(dict.fromkeys(path, end))
        return end

    def _apart(self, number: int, spot: tuple[int, int]) -> float:
        known = self._known[number]
        if spot not in known:
            level, (x, y) = self._levels[number], spot
            wide, high = level.size
            area = self._planes[number][y : y + high, x : x + wide]
            known[spot] = float((cv2.norm(area, level.plane, cv2.NORM_L2SQR, level.mask) / level.count) ** 0.5)
        return known[spot]


def _thinned(
    heat: NDArray[np.float32], rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the best of each small block, best first: the others lead to the same place."""
    if len(rows) > _SORTED:
        best = np.argpartition(heat[rows, columns], _SORTED)[:_SORTED]
        rows, columns = rows[best], columns[best]
    order = np.lexsort((columns, rows, heat[rows, columns]))
    rows, columns = rows[order], columns[order]
    _, first = np.unique(rows // _BLOCK * heat.shape[1] + columns // _BLOCK, return_index=True)
    first.sort()
    return rows[first], columns[first]
