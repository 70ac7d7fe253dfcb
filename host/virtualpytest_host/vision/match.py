"""Find a reference in a picture, and say why not where it is not there.

coarse    the places that could be it, on luma (search.py)
confirm   the score of each at full resolution, luma (scoring.py)
colour    the same in both chroma planes
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from pytest_virtualpytest.exceptions import ReferenceNotFound
from pytest_virtualpytest.models import Region
from virtualpytest_host.picture import Picture
from virtualpytest_host.vision.area import clip
from virtualpytest_host.vision.planes import coding
from virtualpytest_host.vision.reference import Prepared, Reference
from virtualpytest_host.vision.scoring import THRESHOLD, Score, colour_apart, score
from virtualpytest_host.vision.search import Bounds, Place, Search

Stage = Literal["", "coarse", "confirm", "colour"]
_MARGIN = 4.0  # levels that noise can put the true place behind another
_LOOKED_AT = 24


@dataclass(frozen=True)
class Match:
    """The place most like the reference; *stage* is the one that turned it down, empty where it was found."""

    found: bool
    region: Region
    score: float
    threshold: float
    stage: Stage = ""
    why: str = ""


def find(
    picture: Picture, reference: Reference, region: Region | None = None, threshold: float | None = None
) -> Match:
    """Return the best match of *reference* within *region* of *picture*, or the nearest place and why it is none."""
    least = THRESHOLD if threshold is None else threshold
    prepared = reference.prepare(coding(picture))
    limit = _limit(prepared, least)
    search = Search(picture, prepared, _bounds(picture, reference, region), limit)
    places = search.places(_MARGIN)
    judged = _judged(picture, prepared, places)
    best = _best(judged, least)
    if best[1].value < least and places[0].apart <= limit:
        best = _best([*judged, *_judged(picture, prepared, search.places(math.inf))], least)
    return _match(reference, *best, least, limit)


def find_all(
    picture: Picture, reference: Reference, region: Region | None = None, threshold: float | None = None
) -> list[Match]:
    """Return every match, none overlapping a better one, in reading order."""
    least = THRESHOLD if threshold is None else threshold
    prepared = reference.prepare(coding(picture))
    limit = _limit(prepared, least)
    search = Search(picture, prepared, _bounds(picture, reference, region), limit)
    places = [place for place in search.places(math.inf) if place.apart <= limit]
    found: list[Match] = []
    for place, seen in sorted(_judged(picture, prepared, places, len(places)), key=lambda item: -item[1].value):
        match = _match(reference, place, seen, least, limit)
        if match.found and not any(_overlap(match.region, other.region) for other in found):
            found.append(match)
    return sorted(found, key=lambda match: (match.region.y, match.region.x))


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


def _judged(
    picture: Picture, prepared: Prepared, places: list[Place], most: int = _LOOKED_AT
) -> list[tuple[Place, Score]]:
    def apart(place: Place) -> float:
        return place.apart**2 + colour_apart(picture, prepared, place.x, place.y)

    ranked = sorted(places, key=apart)[:most]
    return [(place, score(picture, prepared, place.x, place.y)) for place in ranked]


def _best(judged: list[tuple[Place, Score]], least: float) -> tuple[Place, Score]:
    passed = next((item for item in judged if item[1].value >= least), None)
    return passed or max(judged, key=lambda item: item[1].value)


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
        "coarse": "nothing there is like it",
        "confirm": f"it differs most around {seen.worst[0]},{seen.worst[1]}",
        "colour": f"same brightness, other colour around {seen.worst[0]},{seen.worst[1]}",
    }[stage]
    why = f"nearest place {region}: score {value:.2f} of {least:.2f} wanted; {words} (stage: {stage})"
    return Match(False, region, value, least, stage, why)


def _overlap(a: Region, b: Region) -> bool:
    return abs(a.x - b.x) < a.width and abs(a.y - b.y) < a.height
