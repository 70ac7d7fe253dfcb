"""Motion: a change from one frame to the next."""

from __future__ import annotations

import numpy as np
import pytest
from drawn import Shelf, blank, button, coded, on, plain, screens
from virtualpytest_host.picture import Picture
from virtualpytest_host.virtual import scenes
from virtualpytest_host.vision.leaves import SeesMotion

from pytest_virtualpytest.exceptions import ReferenceNotFound
from pytest_virtualpytest.models import Region
from pytest_virtualpytest.targets import Motion

STILL = blank()
BALL = blank((230, 230, 230), (20, 20))


def states(target: Motion, *pictures: Picture) -> list[bool | None]:
    seen = SeesMotion(target)
    return [seen.see(picture).state for picture in pictures]


def test_first_frame_shows_no_motion_nor_stillness() -> None:
    verdict = SeesMotion(Motion()).see(plain(STILL))

    assert verdict.state is None
    assert verdict.why == "one frame shows no motion: there was none before it"


def test_change_is_motion_and_the_same_again_is_not() -> None:
    moved = on(STILL, BALL, (100, 50))

    assert states(Motion(), plain(STILL), plain(moved), plain(moved)) == [None, True, False]


def test_motion_is_where_something_was_and_where_it_is_now() -> None:
    seen = SeesMotion(Motion())
    seen.see(plain(on(STILL, BALL, (40, 50))))

    verdict = seen.see(plain(on(STILL, BALL, (100, 80))))

    assert verdict.region is not None
    x, y, wide, high = verdict.region
    assert (abs(x - 40), abs(y - 50), abs(x + wide - 120), abs(y + high - 100)) <= (2, 2, 2, 2)


def test_channels_move_and_menus_stand_still_through_the_codec() -> None:
    live = coded([scenes.live(channel, number) for channel in range(5) for number in (10, 11, 12)])
    menu = coded([screens()["settings-1"]] * 15)

    assert all(states(Motion(), *live)[1:])
    assert not any(states(Motion(), *menu))


def test_noise_of_a_grabber_is_no_motion() -> None:
    noise = np.random.default_rng(1).normal(0, 4, (6, *STILL.shape))
    frames = [plain(np.clip(STILL + part, 0, 255).astype(np.uint8)) for part in noise]

    assert not any(states(Motion(), *frames))


def test_change_of_colour_at_one_brightness_is_motion() -> None:
    gray, blue = button(colour=(96, 96, 96)), button(colour=(160, 92, 82))

    assert states(Motion(), *coded([on(STILL, gray, (60, 40)), on(STILL, blue, (60, 40))])) == [None, True]


def test_motion_outside_of_the_region_does_not_count() -> None:
    frames = [plain(on(STILL, BALL, (x, 50))) for x in (10, 20, 200)]

    assert states(Motion(Region(0, 40, 160, 60)), *frames) == [None, True, True]
    assert states(Motion(Region(0, 100, 320, 80)), *frames) == [None, False, False]


def test_motion_is_told_within_the_region_however_coarse_the_colours_are() -> None:
    seen = SeesMotion(Motion(Region(41, 31, 101, 75)))
    seen.see(plain(STILL))

    verdict = seen.see(plain(blank((160, 92, 82))))

    assert verdict.region == (41, 31, 101, 75)


def test_region_outside_of_the_picture_is_an_error() -> None:
    with pytest.raises(ReferenceNotFound, match=r"motion: region 400,0 10x10 is empty or outside of the picture"):
        states(Motion(Region(400, 0, 10, 10)), plain(STILL), plain(STILL))


def test_threshold_is_in_gray_levels() -> None:
    frames = plain(STILL), plain(on(STILL, blank((126, 126, 126), (20, 20)), (100, 50)))

    assert states(Motion(threshold=29), *frames) == [None, True]
    assert states(Motion(threshold=33), *frames) == [None, False]


def test_stillness_says_how_near_it_came() -> None:
    seen = SeesMotion(Motion())
    seen.see(plain(STILL))

    verdict = seen.see(plain(on(STILL, blank((106, 106, 106), (20, 20)), (100, 50))))

    assert verdict.why == "it stands still: largest change 10 of 25 gray levels wanted"
    assert verdict.score < verdict.threshold


def test_frame_after_a_gap_is_undecided() -> None:
    moved = on(STILL, BALL, (100, 50))

    assert states(Motion(), plain(STILL), plain(moved, gap=True), plain(STILL)) == [None, None, True]


def test_frame_of_another_resolution_is_undecided() -> None:
    assert states(Motion(), plain(STILL), plain(blank(size=(640, 360)))) == [None, None]


def test_same_frame_judged_twice_keeps_its_verdict() -> None:
    frames = plain(STILL), plain(on(STILL, BALL, (100, 50)))

    assert states(Motion(), frames[0], frames[1], frames[1]) == [None, True, True]


def test_sighting_of_motion_is_no_truth_value_short_of_a_second_frame() -> None:
    assert not Shelf().judge(Motion()).see(plain(STILL))
