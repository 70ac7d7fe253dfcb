"""What is written in a picture, line by line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from pytest_virtualpytest.models import Region
from virtualpytest_host.picture import Picture
from virtualpytest_host.vision import ocr
from virtualpytest_host.vision.area import clip
from virtualpytest_host.vision.flatten import coloured, flattened
from virtualpytest_host.vision.ocr import Word

WAYS = (ocr.BLOCKS, ocr.BLOCK)  # what one way of looking for lines misses, the other finds
_GAP = 1.5  # heights of a line between two words that do not belong together


@dataclass(frozen=True)
class Manner:
    """Where and how to read."""

    region: Region | None = None
    lang: str = "eng"
    colour: tuple[int, int, int] | None = None
    confidence: float = 0.3


Line = Sequence[Word]


def lines(picture: Picture, manner: Manner, way: int = WAYS[0]) -> list[Line]:
    """Return the lines of *picture*, a wide gap ending one; kept with the picture for its next check."""
    key = ("lines", manner, way)
    if key not in picture.cache:
        found = [word for word in _words(picture, manner, way) if word.confidence >= manner.confidence]
        picture.cache[key] = _lines(found)
    return cast(list[Line], picture.cache[key])


def plain(words: Sequence[Word]) -> str:
    """Return *words* as they are written."""
    return " ".join(word.text for word in words)


def around(words: Sequence[Word]) -> Region:
    """Return the box around *words*."""
    boxes = [word.region for word in words]
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    right, bottom = max(box.x + box.width for box in boxes), max(box.y + box.height for box in boxes)
    return Region(left, top, right - left, bottom - top)


def sure(words: Sequence[Word]) -> float:
    """Return how sure *words* are: as the least sure of them."""
    return round(min(word.confidence for word in words), 3)


def _words(picture: Picture, manner: Manner, way: int) -> list[Word]:
    area = clip(manner.region, picture, "text")
    rows, columns = slice(area.y, area.y + area.height), slice(area.x, area.x + area.width)
    if manner.colour:
        plane = coloured(np.ascontiguousarray(picture.bgr()[rows, columns]), manner.colour, picture.height)
    else:
        plane = flattened(np.ascontiguousarray(picture.luma[rows, columns]), picture.height)
    return [_at(word, area) for word in ocr.read(plane, manner.lang, way)]


def _at(word: Word, area: Region) -> Word:
    x, y, wide, high = word.region
    return replace(word, region=Region(x + area.x, y + area.y, wide, high))


def _lines(words: Sequence[Word]) -> list[Line]:
    found: list[list[Word]] = []
    for word in words:
        if found and _goes_on(found[-1][-1], word):
            found[-1].append(word)
        else:
            found.append([word])
    return list(found)


def _goes_on(last: Word, word: Word) -> bool:
    """Tell whether *word* belongs to the same line as *last*, and follows closely."""
    height = max(last.region.height, word.region.height)
    return last.line == word.line and word.region.x - last.region.x - last.region.width < _GAP * height
