"""Pictures whose sides are odd: half a pixel of colour stands out at the right and below."""

from __future__ import annotations

import av
import numpy as np
import pytest
from drawn import Pixels, Shelf, blank, button, on, reference
from virtualpytest_host.picture import Picture
from virtualpytest_host.vision.match import find, find_all
from virtualpytest_host.vision.reference import Reference

from pytest_virtualpytest.models import Region
from pytest_virtualpytest.targets import Black, Color, Frozen, Motion

SIZES = ((853, 479), (641, 360), (640, 361), (319, 179))
RECORD = button(size=(97, 33))


def odd(pixels: Pixels, full: bool = False) -> Picture:
    """Return *pixels* in planes of 4:2:0, as a decoder has them."""
    form = "yuvj420p" if full else "yuv420p"
    return Picture.from_av(
        av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="bgr24").reformat(format=form)
    )


@pytest.mark.parametrize("full", [False, True], ids=["limited", "full"])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_reference_is_found_in_every_corner(size: tuple[int, int], full: bool) -> None:
    right, bottom = size[0] - 97, size[1] - 33
    for place in ((0, 0), (right, 0), (0, bottom), (right, bottom), (101, 57)):
        screen = odd(on(blank(size=size), RECORD, place), full)

        found = find(screen, reference(RECORD))

        assert (screen.width, screen.height) == size
        assert found.found, found.why
        assert found.region == (*place, 97, 33)
        assert find(screen, reference(RECORD), Region(*place, 97, 33)).found


def test_every_place_of_an_odd_picture_is_found() -> None:
    places = [(0, 0), (853 - 97, 479 - 33)]

    found = find_all(odd(on(blank(size=(853, 479)), RECORD, *places)), reference(RECORD))

    assert [match.region[:2] for match in found] == places


def test_whole_odd_picture_is_a_reference() -> None:
    whole = on(blank(size=(853, 479)), RECORD, (300, 200))

    assert find(odd(whole), reference(whole)).found
    assert not find(odd(blank(size=(853, 479))), reference(whole)).found


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_motion_of_the_last_pixels_is_seen_within_the_picture(size: tuple[int, int]) -> None:
    judge, dark = Shelf().judge(Motion()), blank(size=size)
    judge.see(odd(dark))

    seen = judge.see(odd(on(dark, blank((250, 250, 250), (5, 5)), (size[0] - 5, size[1] - 5))))

    assert seen
    assert seen.region is not None
    assert seen.region.x + seen.region.width == size[0]
    assert seen.region.y + seen.region.height == size[1]


@pytest.mark.parametrize("size", SIZES, ids=str)
def test_still_odd_picture_is_frozen_and_black_to_its_last_pixel(size: tuple[int, int]) -> None:
    frozen, night = Shelf().judge(Frozen(0.08)), blank((0, 0, 0), size)
    for number in range(3):
        picture = odd(night)
        picture.pts = number / 25
        seen = frozen.see(picture)
    spark = odd(on(night, blank((250, 250, 250), (1, 1)), (size[0] - 1, size[1] - 1)))

    assert seen
    assert Shelf().judge(Black()).see(odd(night))
    assert Shelf().judge(Black()).see(spark).region == (size[0] - 1, size[1] - 1, 1, 1)
    assert Shelf().judge(Color("black")).see(odd(night))


def test_masked_reference_is_found_at_an_odd_place_of_an_odd_picture() -> None:
    mask = np.zeros((33, 97), np.uint8)
    mask[3:30, 5:92] = 255

    found = find(odd(on(blank(size=(853, 479)), RECORD, (853 - 97, 201))), Reference("banner.png", RECORD, mask))

    assert found.region == (853 - 97, 201, 97, 33)
