"""The picture of what a check saw."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from drawn import Pixels, Shelf, blank, button, on, plain, png
from virtualpytest_host.picture import Picture
from virtualpytest_host.vision.draw import _FOUND, _NEAREST, _SEARCHED
from virtualpytest_host.vision.offline import match_pictures

from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.models import Region
from pytest_virtualpytest.targets import AnyOf, Black, Not, Target

SHELF = Shelf()
ALPHA = button("Alpha")
SCREEN = on(blank(), ALPHA, (20, 100))


def drawn(target: Target, *screens: Pixels) -> Pixels:
    """Return what the judge of *target* draws on the last of *screens*."""
    judge = SHELF.judge(target)
    pictures = [plain(screen) for screen in screens]
    seen = [judge.see(picture) for picture in pictures]
    return read(judge.annotated(pictures[-1], seen[-1]))


def read(content: bytes) -> Pixels:
    return np.asarray(cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def outline(picture: Pixels, colour: tuple[int, int, int]) -> Region:
    """Return the box around every pixel of *colour* on the screen's part of *picture*."""
    top = picture.shape[0] - 180
    exact = (picture[top:, :320] == colour).all(axis=2).astype(np.uint8)
    return Region(*cv2.boundingRect(exact))


def shows(picture: Pixels, part: Pixels) -> bool:
    """Tell whether *part* is, pixel by pixel, beside the screen."""
    return float(cv2.matchTemplate(picture[:, 320:], part, cv2.TM_SQDIFF).min()) < 100


def test_place_found_is_framed() -> None:
    picture = drawn(SHELF.image(ALPHA), SCREEN)

    assert outline(picture, _FOUND) == (17, 97, 102, 38)
    assert np.array_equal(picture[-80:-48, 20:116], plain(SCREEN).bgr()[100:132, 20:116])


def test_nearest_place_is_framed_in_another_colour() -> None:
    picture = drawn(SHELF.image(button("Gamma")), SCREEN)

    assert outline(picture, _NEAREST) == (17, 97, 102, 38)
    assert outline(picture, _FOUND).width == 0


def test_what_must_not_be_there_is_framed_as_failed() -> None:
    assert outline(drawn(Not(SHELF.image(ALPHA)), SCREEN), _NEAREST) == (17, 97, 102, 38)


def test_region_searched_is_outlined() -> None:
    picture = drawn(SHELF.image(ALPHA, region=Region(10, 80, 200, 70)), SCREEN)

    assert outline(picture, _SEARCHED) == (9, 79, 202, 72)


def test_region_of_another_resolution_is_outlined_where_it_was_searched() -> None:
    wanted = SHELF.image(cv2.resize(ALPHA, (192, 64)), region=Region(20, 160, 400, 140), resolution=(640, 360))

    assert outline(drawn(wanted, SCREEN), _SEARCHED) == (9, 79, 202, 72)


def test_reference_is_shown_beside() -> None:
    wanted = button("Gamma", size=(96, 28))

    assert shows(drawn(SHELF.image(wanted), SCREEN), wanted)


def test_reference_beside_is_the_one_that_the_sighting_is_of() -> None:
    """An earlier frame can be drawn after others were judged: it keeps its own reference."""
    alpha, beta = button("Alpha", size=(96, 28)), button("Beta", size=(96, 28))
    judge = SHELF.judge(AnyOf(SHELF.image(alpha, "a.png"), SHELF.image(beta, "b.png")))
    first, second = plain(on(blank(), alpha, (20, 100))), plain(on(blank(), beta, (20, 100)))

    seen = judge.see(first)
    judge.see(second)

    assert shows(read(judge.annotated(first, seen)), alpha)


def test_target_without_a_reference_is_drawn_without_a_side() -> None:
    picture = drawn(Black(Region(0, 0, 100, 100)), SCREEN)

    assert picture.shape[1] == 320
    assert outline(picture, _NEAREST).width > 0


def test_any_alphabet_can_be_written() -> None:
    pictures = [drawn(SHELF.image(ALPHA, name), SCREEN) for name in ("Настройки.png", "设置.png", "????.png")]

    captions = [picture[:36, 60:200] for picture in pictures]
    assert not np.array_equal(captions[0], captions[2])
    assert not np.array_equal(captions[1], captions[2])


@pytest.mark.parametrize("size", [(64, 48), (1920, 1080)])
def test_any_size_can_be_drawn(size: tuple[int, int]) -> None:
    screen = cv2.resize(SCREEN, size)

    picture = drawn(SHELF.image(screen), screen)

    assert picture.shape[1] > size[0]
    assert picture.shape[0] > size[1]


def test_saved_frame_is_judged_and_drawn() -> None:
    reply = match_pictures(png(SCREEN), png(ALPHA), (0, 90, 320, 90), 0.9)

    assert reply.value["found"]
    assert reply.value["region"] == [20, 100, 96, 32]
    assert outline(read(reply.blobs[0]), _FOUND) == (17, 97, 102, 38)


def test_saved_frame_without_the_reference_says_why() -> None:
    reply = match_pictures(png(SCREEN), png(button("Gamma")))

    assert not reply.value["found"]
    assert reply.value["why"].startswith("nearest place 20,100 96x32")


def test_frame_that_is_no_picture_is_an_error() -> None:
    for content in (b"", b"<html>"):
        with pytest.raises(VirtualPytestError, match="the frame cannot be read as a picture"):
            match_pictures(content, png(ALPHA))


def test_threshold_out_of_bounds_is_an_error() -> None:
    with pytest.raises(VirtualPytestError, match=r"the reference: threshold 2 is not above 0 and at most 1"):
        match_pictures(png(SCREEN), png(ALPHA), None, 2)


def test_picture_of_odd_size_is_judged() -> None:
    assert Picture.from_bgr(SCREEN[:179, :319]).luma.shape == (178, 318)
