"""False alarms: what is not there is never seen, in pictures that move, stand still, are dark or show other things."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import cv2
import numpy as np
import pytest
from drawn import Pixels, Shelf, coded
from painted import painted, texture
from virtualpytest_host.picture import Picture
from virtualpytest_host.virtual import scenes
from virtualpytest_host.vision.judge import Judge

from pytest_virtualpytest.targets import AnyOf, Black, Frozen, Motion, Target, Text

SIZE = (320, 180)
SCENE = 50  # frames from one cut to the next
RATES = (300_000, 800_000, 2_000_000)
SHELF = Shelf()

Random = np.random.Generator
Frames = Callable[[Random], list[Pixels]]


def moving(random: Random) -> list[Pixels]:
    """Return a scene that pans slowly or quickly, a ring crossing it."""
    speed, at = random.integers(1, 6), random.integers(0, 40, 2)
    whole = texture(random, (SIZE[0] + 300, SIZE[1] + 60))
    made = [whole[at[1] :, at[0] + speed * number :][: SIZE[1], : SIZE[0]].copy() for number in range(SCENE)]
    for number, pixels in enumerate(made):
        cv2.circle(pixels, (int(20 + 5 * number), int(40 + at[0])), 14, (250, 250, 250), -1)
        cv2.circle(pixels, (int(20 + 5 * number), int(40 + at[0])), 8, (10, 10, 10), -1)
    return made


def still(random: Random) -> list[Pixels]:
    """Return a picture that stands still under as much noise as grabbers make."""
    sigma, screens = random.choice([0.0, 1.5, 3.0, 4.0]), painted(int(random.integers(4)))
    picture = small(screens[list(screens)[random.integers(len(screens))]])
    noise = random.normal(0, sigma, (2 * SIZE[1], SIZE[0], 3)).astype(np.float32)
    starts = random.integers(0, SIZE[1], SCENE)
    return [np.clip(np.rint(picture + noise[at : at + SIZE[1]]), 0, 255).astype(np.uint8) for at in starts]


def dark(random: Random) -> list[Pixels]:
    """Return a scene at night: a lamp that wanders, in near darkness."""
    night = texture(random, SIZE) // 16
    level, at = int(random.integers(60, 200)), random.integers(10, 100)
    made = [night.copy() for _ in range(SCENE)]
    for number, pixels in enumerate(made):
        cv2.circle(pixels, (int(at + 3 * number), int(at)), 5, (level, level, level), -1)
    return made


def other(random: Random) -> list[Pixels]:
    """Return screens with pictures, words and keys, and channels."""
    seed = int(random.integers(4))
    screens = [small(pixels) for pixels in painted(seed).values()]
    return [*screens, *(small(scenes.live(channel, int(random.integers(300)))) for channel in range(5))]


def written(random: Random, also: str = "Programme") -> list[Pixels]:
    """Return words over pictures that pan; most are but for a letter or two the one that is looked for."""
    words = (also, "Recorder", "Record", "Reorder", "According", "Cording", "Rewording", "20:15", "Guide", "Rec")
    whole, made = texture(random, (SIZE[0] + 40, SIZE[1])) // 3, []
    for number in range(4):
        pixels = whole[:, 10 * number :][:, : SIZE[0]].copy()
        for row, word in enumerate(random.choice(words, 3)):
            at = (20 + int(random.integers(60)), 40 + 50 * row)
            cv2.putText(pixels, str(word), at, cv2.FONT_HERSHEY_SIMPLEX, 0.8, (250, 250, 250), 2, cv2.LINE_AA)
        made.append(pixels)
    return made


def small(pixels: Pixels) -> Pixels:
    return np.asarray(cv2.resize(pixels, SIZE, interpolation=cv2.INTER_AREA), np.uint8)


def frames(count: int, *scenery: Frames) -> Iterator[Picture]:
    """Yield *count* frames of *scenery* in turn, through the codec, at 25 a second; each scene begins after a gap."""
    random, number = np.random.default_rng(3), itertools.count()
    for make, rate in zip(itertools.cycle(scenery), itertools.cycle(RATES), strict=False):
        for first, picture in enumerate(coded(make(random), rate)):
            picture.pts, picture.gap = next(number) / 25, not first
            if picture.pts >= count / 25:
                return
            yield picture


def images() -> AnyOf:
    """Return a target of parts of pictures, posters and lists that none of the scenes shows."""
    random, parts = np.random.default_rng(8), []
    for name, pixels in painted(9).items():
        wide, high = (int(side) for side in random.integers(24, 90, 2))
        x, y = 20 + int(random.integers(100)), 20 + int(random.integers(60))
        if not name.startswith(("chequers", "keyboard")):  # the others' are the same but for one key
            part = np.ascontiguousarray(small(pixels)[y : y + high, x : x + wide])
            parts.append(SHELF.image(part, f"{name}.png"))
    return AnyOf(*parts)


def alarms(target: Target, pictures: Iterator[Picture]) -> tuple[int, list[float]]:
    """Return how many frames there were, and the times of those that were taken for *target*."""
    judge: Judge = SHELF.judge(target)
    seen = [(picture.pts, bool(judge.see(picture))) for picture in pictures]
    return len(seen), [at for at, found in seen if found]


CASES: dict[str, tuple[Callable[[], Target], tuple[Frames, ...]]] = {
    "image": (images, (moving, still, dark, other)),
    "motion": (Motion, (still,)),
    "frozen": (lambda: Frozen(0.2), (moving,)),
    "black": (Black, (dark, moving, other)),
}


def test_what_is_there_is_seen_in_such_frames() -> None:
    """Were it not, the others would prove nothing."""
    shown = [small(painted(9)["posters-9"])] * 4

    assert len(alarms(images(), iter(coded(shown)))[1]) == 4
    assert len(alarms(Motion(), frames(100, moving))[1]) == 98
    assert len(alarms(Frozen(0.2), frames(50, still))[1]) > 30
    assert len(alarms(Black(), iter(coded([small(painted(0)["posters-0"]) // 40] * 4)))[1]) == 4
    assert len(alarms(Text("Recording"), frames(60, lambda random: written(random, "Recording")))[1]) > 6


@pytest.mark.parametrize("kind", CASES)
def test_what_is_not_there_is_not_seen(kind: str) -> None:
    target, scenery = CASES[kind]

    assert alarms(target(), frames(600, *scenery)) == (600, [])


def test_word_that_is_not_there_is_not_read() -> None:
    assert alarms(Text("Recording"), frames(60, written)) == (60, [])


@pytest.mark.soak
@pytest.mark.parametrize("kind", CASES)
def test_what_is_not_there_is_not_seen_in_a_hundred_thousand_frames(kind: str) -> None:
    target, scenery = CASES[kind]

    assert alarms(target(), frames(100_000, *scenery)) == (100_000, [])


@pytest.mark.soak
def test_word_that_is_not_there_is_not_read_in_three_thousand_frames() -> None:
    assert alarms(Text("Recording"), frames(3000, written)) == (3000, [])
