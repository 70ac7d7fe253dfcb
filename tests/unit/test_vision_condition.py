"""Blockiness, spinners and lost signals: of pictures that are made here, and of every screen of the virtual product."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

import av
import cv2
import numpy as np
import pytest
from drawn import Pixels, Shelf, blank, coded, on, plain, screens
from test_vision_states import film, first, why
from virtualpytest_host.picture import Picture
from virtualpytest_host.virtual import drawing, scenes
from virtualpytest_host.virtual.keypad import Keypad

from pytest_virtualpytest.exceptions import ReferenceNotFound, VirtualPytestError
from pytest_virtualpytest.models import Region
from pytest_virtualpytest.targets import (
    All,
    AnyOf,
    Appears,
    Black,
    Blockiness,
    Gone,
    Image,
    Motion,
    Not,
    SignalLost,
    Spinner,
    Target,
    Then,
)  # fmt: skip

SHARP = 60_000_000  # bits a second that add no blocks


def natural(seed: int, slope: float = 1.3) -> Pixels:
    """Return a picture whose spectrum falls off as that of photographs, with some things in it."""
    chance = np.random.default_rng(seed)
    down, across = np.fft.fftfreq(720)[:, None], np.fft.rfftfreq(1280)[None]
    far = np.hypot(down, across)
    far[0, 0] = 1
    planes = []
    for _ in range(3):
        spectrum = (chance.normal(size=far.shape) + 1j * chance.normal(size=far.shape)) / far**slope
        plane = np.fft.irfft2(spectrum, s=(720, 1280))
        planes.append((plane - plane.mean()) / plane.std())
    mixed = np.stack([planes[0] * 0.8 + plane * 0.35 for plane in planes], axis=2)
    picture = np.asarray((mixed * 38 + 120).clip(0, 255), np.uint8)
    for _ in range(8):
        colour, place = chance.integers(0, 255, 3).tolist(), chance.integers(0, 720, 2).tolist()
        cv2.ellipse(picture, place, chance.integers(30, 200, 2).tolist(), 20, 0, 360, colour, -1, cv2.LINE_AA)
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), 0.8), np.uint8)


def mpeg2(pixels: Pixels, quantiser: int) -> Pixels:
    """Return *pixels* after a codec that does not smooth the edges of its blocks."""
    sender: Any = av.CodecContext.create("mpeg2video", "w")
    sender.width, sender.height, sender.pix_fmt = pixels.shape[1], pixels.shape[0], "yuv420p"
    sender.framerate, sender.time_base = 25, Fraction(1, 25)
    sender.options = {"qmin": str(quantiser), "qmax": str(quantiser)}
    receiver: Any = av.CodecContext.create("mpeg2video", "r")
    packets = [*sender.encode(av.VideoFrame.from_ndarray(pixels, format="bgr24")), *sender.encode(None), None]
    (frame,) = [frame for packet in packets for frame in receiver.decode(packet)]
    return np.asarray(frame.to_ndarray(format="bgr24"), np.uint8)


def score(target: Target, picture: Picture) -> float:
    return Shelf().judge(target).see(picture).score


NATURAL = [natural(seed, slope) for seed, slope in ((1, 0.8), (1, 1.0), (2, 1.3), (3, 1.6), (4, 2.0))]


@pytest.mark.parametrize("pixels", NATURAL)
def test_picture_that_was_coded_badly_is_blocky(pixels: Pixels) -> None:
    (picture,) = coded([mpeg2(pixels, 12)], SHARP)

    assert Shelf().judge(Blockiness()).see(picture)


@pytest.mark.parametrize("pixels", NATURAL)
def test_the_worse_the_blockier(pixels: Pixels) -> None:
    scores = [score(Blockiness(), picture) for picture in coded([mpeg2(pixels, step) for step in (2, 8, 24)], SHARP)]

    assert scores[0] < 0.1 < 0.2 < scores[1] <= scores[2] + 0.05
    assert scores[2] > 0.4


@pytest.mark.parametrize("pixels", NATURAL)
def test_good_picture_is_not_blocky(pixels: Pixels) -> None:
    assert score(Blockiness(), plain(pixels)) == 0
    assert max(score(Blockiness(), picture) for picture in coded([pixels], SHARP)) < 0.02


def test_blocks_in_one_part_of_the_picture_are_found_there() -> None:
    mixed = NATURAL[2].copy()
    mixed[320:576, 640:1024] = mpeg2(NATURAL[2], 20)[320:576, 640:1024]
    (picture,) = coded([mixed], SHARP)

    seen = Shelf().judge(Blockiness()).see(picture)

    assert seen
    assert seen.region == (640, 320, 384, 256)
    assert seen.score == pytest.approx(24 / 209, abs=0.03)
    assert not Shelf().judge(Blockiness(region=Region(0, 0, 600, 700))).see(picture)


def test_grid_of_a_picture_that_was_scaled() -> None:
    large = np.asarray(cv2.resize(mpeg2(NATURAL[2], 20), (1920, 1080), interpolation=cv2.INTER_LINEAR), np.uint8)

    assert score(Blockiness(grid=12), plain(large)) > 0.8
    assert score(Blockiness(grid=16), plain(large)) == 0


def drawings() -> Iterable[Pixels]:
    """Yield every still screen, those with a keyboard, and frames of every channel, with a banner and without."""
    yield from screens().values()
    yield from (drawing.search(Keypad(row=row, upper=upper)) for row in range(5) for upper in (False, True))
    for number in range(0, 200, 5):
        yield drawing.loading(number)
        for channel in range(5):
            picture = scenes.live(channel, number)
            yield picture
            yield on(picture, drawing.banner(channel), (40, 556))


def test_no_screen_of_the_product_is_blocky() -> None:
    worst = max(score(Blockiness(), picture) for picture in coded(list(drawings())))

    assert worst < 0.02


@pytest.mark.parametrize(
    "pixels",
    [
        np.random.default_rng(1).integers(0, 256, (720, 1280, 3), np.uint8),
        np.kron(np.indices((90, 160)).sum(0)[..., None] % 2, np.ones((8, 8, 3))).astype(np.uint8) * 120 + 60,
        np.kron(np.indices((45, 80)).sum(0)[..., None] % 2, np.ones((16, 16, 3))).astype(np.uint8) * 200 + 20,
        blank((90, 90, 90), (1280, 720)),
    ],
    ids=["noise", "chess of 8", "chess of 16", "flat"],
)
def test_drawn_patterns_are_not_blocky(pixels: Pixels) -> None:
    assert score(Blockiness(), plain(pixels)) == 0


def test_region_without_room_is_an_error() -> None:
    with pytest.raises(ReferenceNotFound, match="blockiness: 4,4 60x60 has no room for 64x64 pixels from a block's"):
        Shelf().judge(Blockiness(region=Region(4, 4, 60, 60))).see(plain(blank()))


def spinning(count: int, begin: int = 0) -> list[Picture]:
    return coded([drawing.loading(number) for number in range(begin, begin + count)])


def live(channel: int, count: int) -> list[Picture]:
    return coded([scenes.live(channel, number) for number in range(count)])


def test_spinner_is_seen_once_it_has_lasted() -> None:
    assert first(Spinner(), film(spinning(40))) == 25
    assert first(Spinner(0.4), film(spinning(20))) == 10


def test_spinner_tells_where_it_is() -> None:
    judge = Shelf().judge(Spinner(0.4))
    seen = [judge.see(picture) for picture in film(spinning(15))][-1]

    assert seen.region
    assert (seen.region.x, seen.region.y) == pytest.approx((584, 264), abs=12)
    assert (seen.region.width, seen.region.height) == pytest.approx((112, 112), abs=20)


def test_loading_is_gone_with_the_frame_that_shows_something_else() -> None:
    films = coded([drawing.still("app")])
    frames = film([*spinning(40), *films * 10])

    assert first(Gone(Spinner()), frames) == 40
    assert first(Then(Spinner(), Not(Spinner())), frames) == 40


def test_spinner_that_stops_is_gone_after_a_moment() -> None:
    frames = film(coded([drawing.loading(min(number, 39)) for number in range(60)]))

    assert first(Gone(Spinner()), frames) == pytest.approx(45, abs=1)


def test_spinner_begins_anew_after_a_gap() -> None:
    assert first(Spinner(), film(spinning(60), lost=frozenset({20}))) == 45
    assert first(Not(Spinner()), film(spinning(60), lost=frozenset({20}))) is None


@pytest.mark.parametrize("channel", range(5))
def test_moving_pictures_are_no_spinner(channel: int) -> None:
    assert first(Spinner(0.4), film(live(channel, 120))) is None


def test_still_screens_menus_and_a_clock_are_no_spinner() -> None:
    menu = [drawing.settings(row % 7) for row in range(12) for _ in range(10)]
    clock = [on(drawing.home(0), blank((30 * (n // 25), 99, 99), (60, 30)), (1160, 60)) for n in range(100)]
    keys = [drawing.search(Keypad(row=1, column=n // 6 % 10)) for n in range(100)]

    for pictures in (menu, clock, keys, [drawing.settings(0)] * 60):
        assert first(Spinner(), film(coded(pictures))) is None


def test_animation_of_a_focus_is_too_short_for_a_spinner() -> None:
    moving = [on(drawing.home(0), blank((250, 250, 250), (80, 20)), (60 + 8 * n, 400)) for n in range(12)]

    assert first(Spinner(), film(coded([*[moving[0]] * 30, *moving, *[moving[-1]] * 40]))) is None


def test_no_says_what_moves() -> None:
    assert why(Spinner(), film([blank()] * 5)).startswith("seen for 0.16 s of 1 s wanted")
    assert why(Spinner(), film(live(0, 5))).startswith("more than a spinner changes: ")


@pytest.mark.soak
@pytest.mark.parametrize("channel", range(5))
def test_two_thousand_frames_of_a_channel_raise_no_alarm(channel: int) -> None:
    judge = Shelf().judge(AnyOf(Spinner(), Blockiness(0.02)))
    for begin in range(0, 2000, 125):
        drawn = [scenes.live(channel, number) for number in range(begin, begin + 125)]
        shown = [on(one, drawing.banner(channel), (40, 556)) if begin % 500 else one for one in drawn]
        frames = coded(shown)
        for number, picture in enumerate(frames, begin):
            picture.pts = picture.captured = number / 25
        assert not any(judge.see(picture) for picture in frames)


def lost(picture: Picture) -> Picture:
    picture.placeholder = "no-signal.png"
    return picture


def test_picture_that_the_capture_made_up_is_a_lost_signal_and_nothing_else() -> None:
    black = blank((0, 0, 0))
    frames = film([plain(black), lost(plain(black)), lost(plain(black)), plain(black)], lost=frozenset({3}))

    def true(target: Target) -> list[bool]:
        judge = Shelf().judge(target)
        return [bool(judge.see(picture)) for picture in frames]

    assert true(SignalLost()) == [False, True, True, False]
    assert true(Not(SignalLost())) == [True, False, False, True]
    assert true(Gone(SignalLost())) == [False, False, False, True]
    assert true(All(SignalLost(), Black())) == [False] * 4
    assert true(All(SignalLost(), Not(Black()))) == [False] * 4
    assert true(Then(SignalLost(), Black())) == [False, False, False, True]
    assert true(Appears(Black())) == [False] * 4
    assert true(All(Not(SignalLost()), Not(Motion()))) == [False] * 4


def test_misspelt_picture_beside_a_lost_signal_is_an_error() -> None:
    with pytest.raises(ReferenceNotFound):
        Shelf().judge(Then(SignalLost(), Image("baner.png")))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Blockiness(0), "blockiness: share 0 is not above 0 and at most 1"),
        (lambda: Blockiness(grid=2), "blockiness: grid 2 is no number of pixels from 6 to 64"),
        (lambda: Spinner(0), "spinner: 0 is no number of seconds above 0"),
        (lambda: Spinner(share=1), "spinner: share 1 is not between 0 and 1"),
        (lambda: Spinner(threshold=0), "spinner: threshold 0 is not within 1..254 gray levels"),
    ],
)
def test_what_makes_no_sense_is_told(make: Any, message: str) -> None:
    with pytest.raises(VirtualPytestError) as caught:
        make()

    assert caught.value.message == message
