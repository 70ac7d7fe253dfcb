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

from pytest_virtualpytest.models import Region
from virtualpytest_host.needs import host_extra
from virtualpytest_host.picture import Picture
from virtualpytest_host.vision.planes import Sheet, pyramid
from virtualpytest_host.vision.reference import Level, Prepared

with host_extra("vision"):
    import cv2

_FEW = (400, 160, 48, 24)  # places worth following from each level, rather than searching the next finer one
_FIRST = 4  # places followed before any other
_STEPS, _FEW_STEPS = 16, 3  # on a coarse level more would lead along an edge, from the true place to the lowest
_NEAR, _AT_ONCE = 2, 1200  # reach, and pixels of a reference up to which all places within it are looked at in one call
_VALLEY, _ROUNDING = 1.04, 0.01  # along an edge there is no lowest place, but a row of nearly equal ones
_BLOCK = 3
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

    def at(self, level: Level, halvings: int, sheet: Sheet) -> Bounds | None:
        """Return these bounds on a coarser plane, or None where nothing is left of them."""
        scale, off = 2**halvings, level.offset
        (wide, high), (down, across) = level.size, sheet.plane.shape
        left, top = (math.floor(side / scale + off) for side in (self.left, self.top))
        right = min(sheet.x + across - wide, math.ceil(self.right / scale + off))
        bottom = min(sheet.y + down - high, math.ceil(self.bottom / scale + off))
        left, top = max(sheet.x, left), max(sheet.y, top)
        return Bounds(left, top, right, bottom) if left <= right and top <= bottom else None

    def covered(self, wide: int, high: int) -> Region:
        """Return the region that a reference of that size can cover."""
        return Region(self.left, self.top, self.right - self.left + wide, self.bottom - self.top + high)

    def clamp(self, x: int, y: int) -> tuple[int, int]:
        """Return the nearest place within."""
        return min(max(x, self.left), self.right), min(max(y, self.top), self.bottom)

    def near(self, x: int, y: int) -> Bounds:
        """Return the part of these bounds that is near a place."""
        left, top = max(x - _NEAR, self.left), max(y - _NEAR, self.top)
        return Bounds(left, top, min(x + _NEAR, self.right), min(y + _NEAR, self.bottom))

    def around(self, x: int, y: int) -> list[tuple[int, int]]:
        """Return a place and its neighbours, those within."""
        columns = range(max(x - 1, self.left), min(x + 1, self.right) + 1)
        rows = range(max(y - 1, self.top), min(y + 1, self.bottom) + 1)
        return [(i, j) for i in columns for j in rows]

    def beside(self, x: int, y: int) -> list[tuple[int, int]]:
        """Return a place and those left, right, above and below of it, within."""
        columns = [i for i in (x - 1, x + 1) if self.left <= i <= self.right]
        rows = [j for j in (y - 1, y + 1) if self.top <= j <= self.bottom]
        return [(x, y), *((i, y) for i in columns), *((x, j) for j in rows)]


class Search:
    """The search for one reference in one picture; *limit* is the RMS difference above which nothing matches."""

    def __init__(self, picture: Picture, prepared: Prepared, bounds: Bounds, limit: float) -> None:
        self._levels = prepared.levels
        region = bounds.covered(*self._levels[0].size)
        self._sheets = pyramid(picture, prepared.channel, len(self._levels), region)
        found = [bounds.at(level, i, self._sheets[i]) for i, level in enumerate(self._levels)]
        self._bounds = [item for item in found if item is not None]
        self._top = next((i for i, item in enumerate(found) if item is None), len(found)) - 1
        self._limit = limit
        self._heats: dict[int, NDArray[np.float32]] = {}
        self._apart = [_measure(level, sheet) for level, sheet in zip(self._levels, self._sheets, strict=True)]
        self._ends = [dict[tuple[int, int], tuple[int, int]]() for _ in self._levels]

    def places(self, margin: float, rest: Callable[[Place], float] = lambda _: math.inf) -> list[Place]:
        """Return the places within *margin* of the best one, best first; at least one, however unlike.

        *rest* tells of a place that is found how little others must be apart to be of interest beside it: nothing
        is further searched for where that is 0.
        """
        found: dict[tuple[int, int], Place] = {}
        most, first = self._limit, self._minima(self._top, margin, self._limit)
        for start in () if self._hopeless(self._top, first) else first[:_FIRST]:
            place = self._follow(self._top, start, most)
            if place is not None:
                found[place.x, place.y] = place
                most = min(most, place.apart + margin, rest(place))
            if most == 0:
                return [found.popitem()[1]]
        number, coarse = self._coarse(margin, most, first)
        for start in coarse:
            place = self._follow(number, start, most if found else math.inf)
            if place is not None:
                found[place.x, place.y] = place
                most = min(most, place.apart + margin)
        return sorted(found.values())

    def everywhere(self) -> list[Place]:
        """Return the places within the limit, best first, after a look at each one: slower by far than `places`."""
        heat = self._heat(0)
        return self._best_of(0, heat <= max(float(heat.min()), self._limit**2), _FEW[0])

    def settle(self, place: Place, cost: Callable[[Place], float]) -> Place:
        """Return where going downhill in *cost*, never less than the square of `Place.apart`, leads from *place*."""
        apart, most = self._apart[0], cost(place)

        def known(spot: tuple[int, int]) -> float:
            least = apart(spot) ** 2
            return least if least > most else cost(Place(apart(spot), *spot))

        ends: dict[tuple[int, int], tuple[int, int]] = {}
        spot = self._downhill(0, place[1:], functools.cache(known), ends)
        return Place(apart(spot), *spot)

    def _coarse(self, margin: float, most: float, places: list[Place]) -> tuple[int, list[Place]]:
        """Return the coarsest level that leaves few places, *places* being those of the topmost, and which they are."""
        for number in range(self._top, -1, -1):
            if number < self._top or most < self._limit:
                places = self._minima(number, margin, most)
            if self._hopeless(number, places):
                return number, places[:1]
            within = most + self._levels[number].blur
            places = [place for place in places if place.apart <= within] or places[:1]
            if len(places) <= _few(number, margin):
                return number, places
        return 0, places

    def _hopeless(self, number: int, places: list[Place]) -> bool:
        """Tell whether nothing matches, so that any place is as near as another."""
        return places[0].apart > self._limit + self._levels[number].blur

    def _minima(self, number: int, margin: float, most: float) -> list[Place]:
        """Return the places that could be within *most*, best first; not all of those that are too many."""
        heat, blur = self._heat(number), self._levels[number].blur
        lowest = max(0.0, float(heat.min())) ** 0.5
        worst = max(lowest, min(most + blur, lowest + 2 * blur + margin)) ** 2
        least = np.float32(max(worst, heat.min()))
        if most < self._limit:
            near = heat <= least
        else:
            valleys = np.asarray(cv2.erode(heat, _NEIGHBOURS), np.float32)
            valleys *= np.float32(_VALLEY)
            valleys += np.float32(_ROUNDING)
            near = heat <= np.minimum(valleys, least, out=valleys)
        return self._best_of(number, near, _few(number, margin) + 1)

    def _best_of(self, number: int, near: NDArray[np.bool_], count: int) -> list[Place]:
        heat, bounds = self._heat(number), self._bounds[number]
        return [
            Place(max(0.0, float(heat[y, x])) ** 0.5, int(x) + bounds.left, int(y) + bounds.top)
            for y, x in zip(*_thinned(heat, np.flatnonzero(near), count), strict=True)
        ]

    def _heat(self, number: int) -> NDArray[np.float32]:
        if number not in self._heats:
            self._heats[number] = self._differences(number, self._bounds[number])
        return self._heats[number]

    def _differences(self, number: int, bounds: Bounds) -> NDArray[np.float32]:
        """Return the mean squared difference at each place within *bounds* of a level."""
        level, (x, y, wide, high) = self._levels[number], bounds.covered(*self._levels[number].size)
        area = self._sheets[number].cut(x, y, wide, high)
        squares = np.asarray(cv2.matchTemplate(area, level.plane, cv2.TM_SQDIFF, mask=level.mask), np.float32)
        squares *= np.float32(1 / level.count)
        return squares

    def _follow(self, number: int, place: Place, most: float) -> Place | None:
        """Return where *place* leads to at full resolution, or None once it cannot be within *most* there."""
        while number and place.apart <= most + self._levels[number].blur:
            coarse, fine = self._levels[number], self._levels[number - 1]
            x, y = (round(2 * (side - coarse.offset) + fine.offset) for side in place[1:])
            number, place = number - 1, self._climb(number - 1, x, y)
        return place if place.apart <= most else None

    def _climb(self, number: int, x: int, y: int) -> Place:
        start = self._bounds[number].clamp(x, y)
        if self._levels[number].count <= _AT_ONCE:
            return self._lowest_near(number, start)
        spot = self._downhill(number, start, self._apart[number], self._ends[number])
        return Place(self._apart[number](spot), *spot)

    def _lowest_near(self, number: int, spot: tuple[int, int]) -> Place:
        """Return the lowest place of the few around *spot*; further along an edge there may be a lower one."""
        near = self._bounds[number].near(*spot)
        least, _, (across, down), _ = cv2.minMaxLoc(self._differences(number, near))
        return Place(max(0.0, least) ** 0.5, near.left + int(across), near.top + int(down))

    def _downhill(
        self,
        number: int,
        spot: tuple[int, int],
        cost: Callable[[tuple[int, int]], float],
        ends: dict[tuple[int, int], tuple[int, int]],
    ) -> tuple[int, int]:
        """Return the lowest place that steps to the lowest neighbour lead to; *ends* are those of earlier walks.

        On a coarse level that is the lowest beside, above and below: what is left is for the finer ones.
        """
        bounds, path = self._bounds[number], list[tuple[int, int]]()
        around = bounds.beside if number else bounds.around
        while spot not in ends and len(path) < (_FEW_STEPS if number else _STEPS):
            path.append(spot)
            spot = min(around(*spot), key=cost)
            if spot == path[-1]:
                break
        end = ends.get(spot, spot)
        ends.update(dict.fromkeys(path, end))
        return end


def _few(number: int, margin: float) -> int:
    return _FEW[0] if margin == math.inf else _FEW[number]


def _measure(level: Level, sheet: Sheet) -> Callable[[tuple[int, int]], float]:
    """Return what tells the RMS difference at a place of a level."""
    (wide, high), template, mask, share = level.size, level.plane, level.mask, 1 / level.count
    plane, left, top = sheet.plane, sheet.x, sheet.y
    known: dict[tuple[int, int], float] = {}

    def apart(spot: tuple[int, int]) -> float:
        found = known.get(spot)
        if found is None:
            x, y = spot[0] - left, spot[1] - top
            squares = cv2.norm(plane[y : y + high, x : x + wide], template, cv2.NORM_L2SQR, mask)
            found = known[spot] = float(squares * share) ** 0.5
        return found

    return apart


def _thinned(
    heat: NDArray[np.float32], places: NDArray[np.intp], count: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the best *count* places, best first, and of each small block only one: the others lead to the same."""
    values, most = heat.ravel()[places], count * _BLOCK**2
    if len(places) > most:
        best = np.argpartition(values, most)[:most]
        places, values = places[best], values[best]
    rows, columns = np.divmod(places[np.lexsort((places, values))], heat.shape[1])
    _, first = np.unique(rows // _BLOCK * heat.shape[1] + columns // _BLOCK, return_index=True)
    first.sort()
    return rows[first[:count]], columns[first[:count]]
