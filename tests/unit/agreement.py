"""Parts of screens, looked for by us and by an exhaustive search of every place at full resolution in colour.

A third of the parts are from another screen than the one that they are looked for in. What is true is known from
the clean screens: a part is there where, at the place most like it, no pixel differs but by rounding, and not there
where all of some 3x3 pixels differ by over 30 % of full scale in one colour; between the two, either verdict is
right. A place is as good as the best one where its similarity, 1 - mean square difference, is within 2e-4.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from drawn import Pixels, coded
from virtualpytest_host.picture import Picture
from virtualpytest_host.vision.match import find
from virtualpytest_host.vision.reference import Reference

SIZES = ((14, 40), (20, 20), (32, 32), (48, 24), (90, 30), (100, 60), (160, 90), (240, 18), (300, 200))
RIGHT = {"same", "as good", "rejected", "either"}
_ALIKE, _UNLIKE = 8, 76  # levels of 255
_SIMILAR = 2e-4
_TO_SEE = 8.0


@dataclass(frozen=True)
class Trial:
    """A part and the frame that it is looked for in, also as it was before noise and codec."""

    name: str
    part: Pixels
    frame: Picture
    clean: Pixels

    @property
    def small(self) -> bool:
        """Whether one of its sides is shorter than 24 pixels."""
        return min(self.part.shape[:2]) < 24


@dataclass(frozen=True)
class Outcome:
    """How our answer stands to the true one: one of `RIGHT`, or missed, invented, elsewhere."""

    trial: Trial
    word: str


def noisy(pixels: Pixels) -> Picture:
    """Return *pixels* as an analogue capture gives them."""
    noise = np.random.default_rng(5).normal(0, 2.5, pixels.shape)
    return Picture.from_bgr(np.clip(np.rint(pixels + noise), 0, 255).astype(np.uint8))


def compressed(pixels: Pixels) -> Picture:
    """Return *pixels* as a JPEG of quality 80 has them."""
    content = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 80])[1]
    return Picture.from_bgr(np.asarray(cv2.imdecode(content, cv2.IMREAD_COLOR), np.uint8))


TAKES: Mapping[str, Callable[[Pixels], Picture]] = {
    "clean": Picture.from_bgr,
    "noisy": noisy,
    "jpeg": compressed,
    "h264": lambda pixels: coded([pixels])[0],
    "h264 settled": lambda pixels: coded([pixels] * 4, 2_000_000)[-1],
}


def trials(screens: Mapping[str, Pixels], count: int, seed: int) -> Iterator[Trial]:
    """Yield *count* parts of *screens*, each with a frame; those of a take and a screen share the frame."""
    random, names, frames = np.random.default_rng(seed), list(screens), dict[tuple[str, str], Picture]()
    for size in itertools.islice(itertools.cycle(SIZES), count):
        source, (x, y), part = _part(screens, size, random)
        take = list(TAKES)[random.integers(len(TAKES))]
        others = [name for name in names if name != source and screens[name].shape == screens[source].shape]
        shown = others[random.integers(len(others))] if others and random.random() < 1 / 3 else source
        if (shown, take) not in frames:
            frames[shown, take] = TAKES[take](screens[shown])
        name = f"{source} {x},{y} {size[0]}x{size[1]} in {shown}, {take}"
        yield Trial(name, part, frames[shown, take], screens[shown])


def judged(trial: Trial) -> Outcome:
    """Return how our answer stands to that of the exhaustive search."""
    found = find(trial.frame, Reference(trial.name, trial.part))
    heat = _differences(trial.frame.bgr(), trial.part)
    _, _, (x, y), _ = cv2.minMaxLoc(heat)
    there, absent = _truth(trial, int(x), int(y))
    if not found.found:
        return Outcome(trial, "missed" if there else "rejected" if absent else "either")
    place = found.region.x, found.region.y
    if not there:
        return Outcome(trial, "invented" if _truth(trial, *place)[1] else "either")
    if place == (x, y):
        return Outcome(trial, "same")
    return Outcome(trial, "as good" if heat[place[1], place[0]] - heat[y, x] < _SIMILAR else "elsewhere")


def tally(outcomes: list[Outcome]) -> tuple[Counter[str], list[str]]:
    """Return how often each word was said, and the names of the trials where it was a wrong one."""
    wrong = [f"{one.word}: {one.trial.name}" for one in outcomes if one.word not in RIGHT]
    return Counter(one.word for one in outcomes), wrong


def _part(
    screens: Mapping[str, Pixels], size: tuple[int, int], random: np.random.Generator
) -> tuple[str, tuple[int, int], Pixels]:
    """Return a part of any screen on which there is something to see."""
    wide, high = size
    for name in random.choice(list(screens), 10_000):
        screen = screens[str(name)]
        x, y = int(random.integers(screen.shape[1] - wide)), int(random.integers(screen.shape[0] - high))
        part = np.ascontiguousarray(screen[y : y + high, x : x + wide])
        if part.std(axis=(0, 1)).max() > _TO_SEE:
            return str(name), (x, y), part
    raise ValueError(f"there is nothing to see on {', '.join(screens)}")


def _differences(frame: Pixels, part: Pixels) -> Pixels:
    """Return 1 - similarity of *part* and *frame* at each place: the mean square difference over its largest."""
    planes = zip(cv2.split(frame), cv2.split(part), strict=True)
    squares = sum(cv2.matchTemplate(whole, piece, cv2.TM_SQDIFF) for whole, piece in planes)
    return np.asarray(squares / np.float32(part.size * 255.0**2))


def _truth(trial: Trial, x: int, y: int) -> tuple[bool, bool]:
    """Return whether the part is surely at a place of the clean screen, and whether it surely is not."""
    high, wide = trial.part.shape[:2]
    apart = cv2.absdiff(trial.clean[y : y + high, x : x + wide], trial.part)
    return apart.max() <= _ALIKE, cv2.erode(apart, np.ones((3, 3), np.uint8)).max() > _UNLIKE
