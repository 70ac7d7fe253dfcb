"""Frozen, Color, and what lasts for seconds."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
import pytest
from drawn import GRAY, Pixels, Shelf, blank, button, coded, on, plain, png, screens
from virtualpytest_host.picture import Picture
from virtualpytest_host.virtual import scenes
from virtualpytest_host.vision.mask import Mask

from pytest_virtualpytest.exceptions import ReferenceNotFound
from pytest_virtualpytest.models import Region
from pytest_virtualpytest.targets import Appears, Black, Color, Frozen, Gone, Motion, Not, Target, Then, for_seconds

LAMP = on(blank(), blank((200, 200, 200), (30, 30)), (100, 60))
DARK = blank((0, 0, 0))


def film(pictures: Iterable[Pixels | Picture], fps: int = 25, lost: frozenset[int] = frozenset()) -> list[Picture]:
    """Return *pictures* as frames in time, some just after those that were *lost*."""
    made = [one if isinstance(one, Picture) else plain(one) for one in pictures]
    for number, picture in enumerate(made):
        picture.pts, picture.captured, picture.gap = number / fps, 100 + number / fps, number in lost
    return made


def first(target: Target, frames: Iterable[Picture], shelf: Shelf | None = None) -> int | None:
    """Return the number of the first of *frames* where *target* is true."""
    judge = (shelf or Shelf()).judge(target)
    return next((number for number, picture in enumerate(frames) if judge.see(picture)), None)


def why(target: Target, frames: Iterable[Picture]) -> str:
    judge = Shelf().judge(target)
    return [judge.see(picture) for picture in frames][-1].why


def test_still_picture_is_frozen_once_so_many_seconds_were_seen() -> None:
    assert first(Frozen(1), film([blank()] * 30)) == 25
    assert first(Frozen(0.4), film([LAMP] * 30)) == 10
    assert first(Frozen(2), film([LAMP] * 30)) is None


def test_change_begins_the_stillness_anew() -> None:
    frames = film([blank()] * 10 + [LAMP] * 30)

    assert first(Frozen(0.5), frames) == 23
    assert first(Then(Motion(), Frozen(0.4)), film([blank()] * 20 + [LAMP] * 20)) == 30


def test_change_of_colour_alone_is_a_change() -> None:
    gray, bluish = button(colour=(100, 100, 100)), button(colour=(160, 92, 82))
    frames = film([on(blank(), gray, (50, 50))] * 10 + [on(blank(), bluish, (50, 50))] * 10)

    assert first(Frozen(0.48), frames) is None


def test_what_creeps_is_no_stillness() -> None:
    creeping = film([blank((level, level, level)) for level in range(60, 160, 2)])

    assert first(Frozen(1), creeping) is None
    assert first(Not(Motion()), creeping) == 1


def test_noise_of_a_codec_and_of_a_grabber_is_stillness() -> None:
    noise = np.random.default_rng(7)
    still = screens()["home-1"].astype(np.int16)
    noisy = [np.clip(still + noise.normal(0, 2.5, still.shape), 0, 255).astype(np.uint8) for _ in range(20)]

    assert first(Frozen(0.6), film(coded([screens()["home-1"]] * 20))) == 15
    assert first(Frozen(0.6), film(coded(noisy, rate=8_000_000))) == 15


@pytest.mark.parametrize("channel", range(5))
def test_moving_pictures_are_not_frozen(channel: int) -> None:
    frames = film(coded([scenes.live(channel, number) for number in range(20)]))

    assert first(Frozen(0.2), frames) is None


def test_frozen_is_not_decided_before_it_can_be() -> None:
    assert first(Not(Frozen(1)), film([blank()] * 24)) is None
    assert first(Not(Frozen(1)), film([blank()] * 5 + [LAMP] * 5)) == 5


def test_interruption_lets_no_stillness_be_told() -> None:
    assert first(Frozen(0.5), film([blank()] * 30, lost=frozenset({8}))) == 21
    assert first(Not(Frozen(0.5)), film([blank()] * 12, lost=frozenset({8}))) is None


def test_only_region_and_mask_must_stand_still() -> None:
    frames = film([blank(), LAMP] * 10)
    mask = blank((255, 255, 255))
    mask[50:100, 90:140] = 0
    shelf = Shelf()
    sha = shelf.image(mask).sha

    assert first(Frozen(0.4, Region(0, 0, 90, 180)), frames) == 10
    assert first(Frozen(0.4, mask="clock.png", sha=sha), frames, shelf) == 10
    assert first(Motion(mask="clock.png", sha=sha), frames, shelf) is None
    assert first(Frozen(0.4), frames) is None


def test_mask_of_another_size_is_scaled() -> None:
    mask = np.zeros((90, 160, 3), np.uint8)
    mask[:, 80:] = 255

    luma, chroma = Mask("half.png", png(mask)).over(plain(blank()))

    assert (luma.shape, chroma.shape) == ((180, 320), (90, 160))
    assert (cv2.countNonZero(luma[:, :158]), cv2.countNonZero(luma[:, 162:])) == (0, 180 * 158)


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "cannot be read"), (b"GIF8", "cannot be read"), (png(DARK), "nothing in it is white")],
)
def test_mask_that_lets_nothing_count_is_an_error(content: bytes, message: str) -> None:
    with pytest.raises(ReferenceNotFound, match=message):
        Mask("clock.png", content)


def test_mask_that_was_not_looked_up_is_an_error() -> None:
    with pytest.raises(ReferenceNotFound, match=r"clock\.png: the picture was not looked up"):
        Shelf().judge(Not(Frozen(mask="clock.png")))


def test_frozen_says_how_long_it_stood_still() -> None:
    assert why(Frozen(2), film([blank()] * 11)) == "it stands still for 0.40 s of 2 s wanted"
    assert why(Frozen(2), film([blank(), LAMP])) == "it changes, by 104 of 15 gray levels"


@pytest.mark.parametrize("colour", ["red", "#1e90ff", (128, 128, 128), "white", "teal"])
def test_color_is_seen_through_the_codec(colour: str | tuple[int, int, int]) -> None:
    target = Color(colour, Region(40, 20, 200, 100))
    red, green, blue = target.colour  # type: ignore[misc]  # numbers
    picture = coded([on(blank(), blank((int(blue), int(green), int(red)), (200, 100)), (40, 20))])[0]  # type: ignore[call-overload]

    seen = Shelf().judge(target).see(picture)

    assert seen, seen.why
    assert seen.region == (40, 20, 200, 100)


def test_other_colour_is_not_seen_and_told() -> None:
    seen = Shelf().judge(Color("red")).see(plain(blank((200, 40, 30))))

    assert not seen
    assert seen.why == "0% of it within 30 of that, at least 90% wanted; it is #1e28c8 in the mean"


def test_share_of_a_colour_decides() -> None:
    half = plain(on(blank(GRAY), blank((0, 0, 255), (160, 180)), (0, 0)))

    assert Shelf().judge(Color("red", share=0.45)).see(half)
    assert not Shelf().judge(Color("red", share=0.55)).see(half)


def test_tolerance_of_a_colour_decides() -> None:
    picture = plain(blank((96, 96, 120)))

    assert Shelf().judge(Color((96, 96, 96), tolerance=30)).see(picture)
    assert not Shelf().judge(Color((96, 96, 96), tolerance=20)).see(picture)


def test_what_lasts_is_true_once_it_has_lasted() -> None:
    frames = film([DARK] * 10 + [blank()] * 5 + [DARK] * 20)

    assert first(for_seconds(Black(), 0.4), film([DARK] * 20)) == 10
    assert first(for_seconds(Black(), 0.5), frames) == 28
    assert first(for_seconds(Not(Black()), 0.5), frames) is None


def test_what_lasts_is_not_decided_before_it_can_be() -> None:
    assert first(Not(for_seconds(Black(), 1)), film([DARK] * 20)) is None
    assert first(Not(for_seconds(Black(), 1)), film([DARK] * 5 + [blank()] * 2)) == 5
    assert first(Not(for_seconds(Black(), 1)), film([blank()] + [DARK] * 2)) == 0


def test_interruption_begins_the_time_anew() -> None:
    assert first(for_seconds(Black(), 0.4), film([DARK] * 30, lost=frozenset({6}))) == 16


def test_what_lasts_can_appear_and_go() -> None:
    frames = film([blank()] * 3 + [DARK] * 20 + [blank()] * 3)

    assert first(Appears(for_seconds(Black(), 0.4)), frames) == 13
    assert first(Gone(for_seconds(Black(), 0.4)), frames) == 23


def test_what_lasts_says_for_how_long_it_has() -> None:
    assert why(for_seconds(Black(), 2), film([DARK] * 6)) == "it is there for 0.20 s of 2 s wanted"
    assert why(for_seconds(Black(), 2), film([DARK, blank()])).startswith("not black: brightness")
