"""Black: no light anywhere."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import Shelf, blank, coded, on, plain, screens
from virtualpytest_host.picture import Picture
from virtualpytest_host.vision.black import brightest

from pytest_virtualpytest.exceptions import ReferenceNotFound
from pytest_virtualpytest.models import Region, Sighting
from pytest_virtualpytest.targets import Black

NIGHT = blank((0, 0, 0))


def look(picture: Picture, target: Black | None = None) -> Sighting:
    return Shelf().judge(target or Black()).see(picture)


def flat(luma: int, *, full_range: bool) -> Picture:
    """Return a frame with every pixel at *luma* of the codec's own scale."""
    half = np.full((90, 160), 128, np.uint8)
    return Picture(np.full((180, 320), luma, np.uint8), (half, half), full_range)


def test_black_screen_is_black_through_the_codec() -> None:
    assert look(coded([screens()["standby"]])[0])


@pytest.mark.parametrize("name", ["boot", "home-0", "settings-0", "guide-0", "no-signal"])
def test_dark_screen_is_not_black(name: str) -> None:
    assert not look(coded([screens()[name]])[0])


def test_lowest_luma_of_an_ordinary_stream_is_no_light() -> None:
    assert brightest(flat(16, full_range=False)).level == 0
    assert brightest(flat(0, full_range=False)).level == 0
    assert brightest(flat(235, full_range=False)).level == 255


def test_full_range_stream_has_its_black_at_nought() -> None:
    assert brightest(flat(16, full_range=True)).level == 16
    assert look(flat(20, full_range=True))
    assert not look(flat(21, full_range=True))


def test_ordinary_stream_is_held_against_the_same_brightness() -> None:
    assert look(flat(33, full_range=False))
    assert not look(flat(34, full_range=False))


def test_one_bright_pixel_is_light() -> None:
    spark = on(NIGHT, blank((200, 200, 200), (1, 1)), (201, 77))

    seen = look(plain(spark))

    assert not seen
    assert seen.region == (201, 77, 1, 1)
    assert seen.why == "not black: brightness 199 at 201,77, at most 20 wanted"


def test_colour_is_light() -> None:
    assert not look(plain(blank((90, 0, 0))))


def test_only_the_region_must_be_black() -> None:
    lit = on(NIGHT, blank((200, 200, 200), (40, 20)), (200, 100))

    assert look(plain(lit), Black(Region(0, 0, 200, 180)))
    assert look(plain(lit), Black(Region(0, 120, 320, 60)))
    assert not look(plain(lit), Black(Region(100, 90, 101, 20)))


def test_region_outside_of_the_picture_is_an_error() -> None:
    with pytest.raises(ReferenceNotFound, match=r"black: region 0,180 320x5 is empty or outside of the picture"):
        look(plain(NIGHT), Black(Region(0, 180, 320, 5)))


def test_threshold_decides() -> None:
    dim = plain(blank((40, 40, 40)))

    assert look(dim, Black(threshold=42))
    assert not look(dim, Black(threshold=36))


def test_score_passes_its_threshold_exactly_where_it_is_black() -> None:
    for level in (0, 15, 30, 60, 255):
        seen = look(plain(blank((level, level, level))), Black(threshold=30))

        assert bool(seen) == (seen.score >= seen.threshold)
