"""Find a reference in a picture, and say why not where it is not there.

coarse    the places that could be it, on luma (search.py)
confirm   the score of each at full resolution, luma (scoring.py)
colour    the same in both chroma planes
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from pytest_virtualpytest.exceptions import ReferenceNotFound
from pytest_virtualpytest.models import Region
from virtualpytest_host.picture import Picture
from virtualpytest_host.vision.area import clip
from virtualpytest_host.vision.planes import coding
from virtualpytest_host.vision.reference import Prepared, Reference
from virtualpytest_host.vision.scoring import THRESHOLD, Score, score, unseen_apart
from virtualpytest_host.vision.search import Bounds, Place, Search

Stage = Literal["", "coarse", "confirm", "colour"]
_MARGIN = 4.0  # levels that noise can put the true place behind another
_LOOKED_AT = 24
_NOISE, _SLIGHT, _SURE = 5.5, 0.1, 0.9  # mean square difference, share of the spread, and score of what is exact


@dataclass(frozen=True)
class Match:
    """The place most like the reference; *stage* is the one that turned it down, empty where it was found."""

    found: bool
    region: Region
    score: float
    threshold: float
    stage: Stage = ""
    why: str = ""


def find(picture: Picture, reference: Reference, region: Region | None = None, threshold: float | None = None) -> Match:
    """Return the best match of *reference* within *region* of *picture*, or the nearest place and why it is none."""
    look = _Look(picture, reference, region, threshold)
    places = look.search.places(_MARGIN, look.rest)
    best = look.best(look.ranked(places))
    if look.passes(best) or places[0].apart <= look.limit:
        near = [best] if look.passes(best) else look.ranked(look.search.everywhere())
        best = look.best([*look.settled(near), best])
    return look.match(best)


def find_all(
    picture: Picture, reference: Reference, region: Region | None = None, threshold: float | None = None
) -> list[Match]:
    """Return every match, none overlapping a better one, in reading order."""
    look = _Look(picture, reference, region, threshold)
    places = [place for place in look.search.places(math.inf) if place.apart <= look.limit]
    found: list[Match] = []
    for match in sorted((look.match(place) for place in look.settled(places)), key=lambda match: -match.score):
        if match.found and not any(_overlap(match.region, other.region) for other in found):
            found.append(match)
    return sorted(found, key=lambda match: (match.region.y, match.region.x))


class _Look:
    """One look for a reference in a picture; *limit* is the RMS difference above which nothing matches."""

    def __init__(self, picture: Picture, reference: Reference, region: Region | None, threshold: float | None) -> None:
        self._reference = reference
        self._picture, self._prepared = picture, reference.prepare(coding(picture))
        self._least = THRESHOLD if threshold is None else threshold
        self.limit = _limit(self._prepared, self._least)
        self.search = Search(picture, self._prepared, _bounds(picture, reference, region), self.limit)
        self._exact = min(_NOISE, (_SLIGHT * self._prepared.spread) ** 2)
        self._score = functools.cache(functools.partial(score, picture, self._prepared))

    def ranked(self, places: Iterable[Place]) -> list[Place]:
        """Return the most promising of *places*, best first, brightness and colour taken together."""
        return sorted(places, key=self._cost)[:_LOOKED_AT]

    def settled(self, places: Iterable[Place]) -> list[Place]:
        """Return where going downhill from *places* leads: to the exact pixel."""
        return sorted({self.search.settle(place, self._cost) for place in places}, key=self._cost)

    def best(self, places: Sequence[Place]) -> Place:
        """Return the first of *places* that passes, or the one with the best score."""
        return next(filter(self.passes, places), None) or max(places, key=lambda place: self._seen(place).value)

    def rest(self, place: Place) -> float:
        """Return the RMS difference from which on another place is no better than *place*; 0 if none can be."""
        cost, score = self._cost(place), self._seen(place).value
        if score < self._least:
            return math.inf
        return 0.0 if cost <= self._exact and score >= _SURE else math.sqrt(cost)

    def passes(self, place: Place) -> bool:
        """Tell whether the reference is at *place*."""
        return self._seen(place).value >= self._least

    def match(self, place: Place) -> Match:
        """Return the answer, given the best place."""
        return _match(self._reference, place, self._seen(place), self._least, self.limit)

    def _seen(self, place: Place) -> Score:
        return self._score(place.x, place.y)

    def _cost(self, place: Place) -> float:
        return place.apart**2 + unseen_apart(self._picture, self._prepared, place.x, place.y)


def _bounds(picture: Picture, reference: Reference, region: Region | None) -> Bounds:
    area = clip(region, picture, reference.name)
    if reference.width > area.width or reference.height > area.height:
        where = f"picture, {area.width}x{area.height}" if region is None else f"region {area} of the picture"
        raise ReferenceNotFound(
            f"{reference.name}: the reference is {reference.width}x{reference.height}, larger than the {where}"
        )
    right, bottom = area.x + area.width - reference.width, area.y + area.height - reference.height
    return Bounds(area.x, area.y, right, bottom)


def _limit(prepared: Prepared, least: float) -> float:
    if prepared.channel != "luma" or not least:
        return math.inf
    return 4.0 - 0.6 * math.log(least) * prepared.luma.tolerance


def _match(reference: Reference, place: Place, seen: Score, least: float, limit: float) -> Match:
    region = Region(place.x, place.y, reference.width, reference.height)
    value = round(seen.value, 4)
    if seen.value >= least:
        return Match(True, region, value, least)
    stage: Stage = "confirm"
    if seen.luma >= least:
        stage = "colour"
    elif place.apart > limit:
        stage = "coarse"
    words = {
        "coarse": f"too much of it differs, most around {seen.worst[0]},{seen.worst[1]}",
        "confirm": f"it differs most around {seen.worst[0]},{seen.worst[1]}",
        "colour": f"same brightness, other colour around {seen.worst[0]},{seen.worst[1]}",
    }[stage]
    why = f"nearest place {region}: score {value:.2f} of {least:.2f} wanted; {words} (stage: {stage})"
    return Match(False, region, value, least, stage, why)


def _overlap(a: Region, b: Region) -> bool:
    return abs(a.x - b.x) < a.width and abs(a.y - b.y) < a.height
