"""No false verdict: each reference of the virtual product on every screen of it, through the codec at 720p."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from drawn import PICTURES, Pixels, coded, screens
from virtualpytest_host.picture import Picture
from virtualpytest_host.virtual import drawing, scenes
from virtualpytest_host.vision.match import find
from virtualpytest_host.vision.reference import Reference

LEFT, TOP = drawing.BANNER[:2]
PLACES = {
    "home.png": ("home", 50, 36),
    "guide-header.png": ("guide", 50, 36),
    "settings-header.png": ("settings", 50, 36),
    "wifi-chosen.png": ("settings-2", 60, 304),
    "app-loading.png": ("loading", 560, 404),
    "films.png": ("app", 50, 36),
    "boot.png": ("boot", 510, 226),
    "no-signal.png": ("no-signal", 0, 0),
    "banner.png": ("banner", LEFT + 900, TOP + 26),
    **{f"banner-{number}.png": (f"banner-{number}", LEFT + 14, TOP + 14) for number in range(1, 6)},
}
REFERENCES = {path.name: Reference.decode(path.name, path.read_bytes()) for path in PICTURES.glob("*.png")}
SIZES = ((20, 20), (14, 40), (32, 32), (48, 24), (90, 30), (100, 60), (160, 90), (240, 18), (300, 200), (400, 96))


def shown(numbers: range) -> dict[str, Pixels]:
    """Return every screen by its name; those that move, at each of *numbers*."""
    made = dict(screens())
    for number in numbers:
        made[f"loading-{number}"] = drawing.loading(number)
        for channel in range(5):
            made[f"live-{channel + 1}-{number}"] = scenes.live(channel, number)
            made[f"banner-{channel + 1}-{number}"] = with_banner(channel, number)
    return made


def with_banner(channel: int, number: int) -> Pixels:
    picture = scenes.live(channel, number)
    x, y, wide, high = drawing.BANNER
    picture[y : y + high, x : x + wide] = drawing.banner(channel)
    return picture


def wrong(pictures: dict[str, Picture]) -> Iterator[str]:
    """Yield every verdict that is not the true one."""
    for screen, picture in pictures.items():
        for name, (where, x, y) in PLACES.items():
            seen = find(picture, REFERENCES[name])
            there = screen == where or screen.startswith(f"{where}-")
            if seen.found != there or (there and seen.region[:2] != (x, y)):
                yield f"{name} on {screen}: {seen}"


def crops(random: np.random.Generator, count: int) -> Iterator[tuple[str, int, int, Reference]]:
    """Yield *count* parts of screens with something to see on them."""
    whole = shown(range(30, 31))
    names = list(whole)
    while count:
        name, (wide, high) = names[random.integers(len(names))], SIZES[random.integers(len(SIZES))]
        x, y = int(random.integers(1280 - wide)), int(random.integers(720 - high))
        part = np.ascontiguousarray(whole[name][y : y + high, x : x + wide])
        if part.std(axis=(0, 1)).max() > 8:
            count -= 1
            yield name, x, y, Reference(f"{name} {x},{y} {wide}x{high}", part)


def frames(whole: dict[str, Pixels], rate: int, times: int) -> dict[str, Picture]:
    """Return each screen as it is decoded once it has been shown for *times* frames."""
    sent = [pixels for pixels in whole.values() for _ in range(times)]
    return dict(zip(whole, coded(sent, rate)[times - 1 :: times], strict=True))


def missed(count: int, rate: int, times: int) -> list[str]:
    """Return the parts of screens that are not found on the very screen that they are from."""
    pictures = frames(shown(range(30, 31)), rate, times)
    parts = crops(np.random.default_rng(11), count)
    return [part.name for name, _, _, part in parts if not find(pictures[name], part).found]


def test_every_reference_has_its_place_here() -> None:
    assert PLACES.keys() == REFERENCES.keys()


def test_references_are_seen_where_they_are_and_nowhere_else() -> None:
    assert list(wrong(frames(shown(range(7, 90, 55)), 4_000_000, 1))) == []


def test_any_part_of_a_screen_is_seen_on_it() -> None:
    assert missed(80, 4_000_000, 1) == []


@pytest.mark.soak
@pytest.mark.parametrize(("rate", "times"), [(4_000_000, 1), (2_000_000, 5)])
def test_references_in_every_frame(rate: int, times: int) -> None:
    for start in range(0, 300, 30):
        assert list(wrong(frames(shown(range(start, start + 30, 6)), rate, times))) == []


@pytest.mark.soak
@pytest.mark.parametrize(("rate", "times"), [(4_000_000, 1), (2_000_000, 5)])
def test_many_parts_of_screens(rate: int, times: int) -> None:
    assert missed(3000, rate, times) == []
