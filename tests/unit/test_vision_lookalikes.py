"""What looks alike and is not the same, and pictures on their way from one to the next: no wrong verdict."""

from __future__ import annotations

import itertools

import cv2
import numpy as np
import pytest
from drawn import Pixels, Shelf, blank, button, coded, on, plain, reference, screens
from painted import KEYS, chequers, keyboard, painted, texture
from virtualpytest_host.picture import Picture
from virtualpytest_host.virtual import scenes
from virtualpytest_host.vision.match import find, find_all

from pytest_virtualpytest.targets import AnyOf, Appears, Black, Frozen, Gone, Motion, Not, Target, for_seconds

LETTERS = "".join(KEYS)
KEY = 88
HOME, GUIDE = screens()["home-0"], screens()["guide-0"]


def spot(letter: str) -> tuple[int, int]:
    """Return where the key of *letter* is."""
    number = LETTERS.index(letter)
    return 140 + number % 10 * 100, 200 + number // 10 * 100


def key(letter: str, *, chosen: bool = False) -> Pixels:
    x, y = spot(letter)
    return np.ascontiguousarray(keyboard(LETTERS.index(letter) if chosen else -1)[y : y + KEY, x : x + KEY])


def tiles(*badges: int, count: int = 18) -> Pixels:
    """Return a wall of one poster, over and over; those of *badges* have a small mark."""
    poster, wall = texture(np.random.default_rng(2), (176, 180)), blank((30, 26, 22), (1280, 720))
    for number in range(count):
        marked = on(poster, button("NEW", (30, 30, 190), (44, 24)), (126, 6)) if number in badges else poster
        wall = on(wall, marked, (50 + number % 6 * 200, 40 + number // 6 * 226))
    return wall


def answers(target: Target, shelf: Shelf, frames: list[Picture]) -> list[bool]:
    judge = shelf.judge(target)
    return [bool(judge.see(picture)) for picture in frames]


def faded(one: Pixels, other: Pixels, steps: int) -> list[Picture]:
    """Return the way from *one* screen to the *other* through the codec, both ends being of it."""
    shares = np.linspace(0, 1, steps)
    return coded([np.asarray(cv2.addWeighted(one, 1 - share, other, share, 0), np.uint8) for share in shares])


def changes(seen: list[bool]) -> int:
    return sum(before != after for before, after in itertools.pairwise(seen))


@pytest.mark.parametrize("letter", "OQ0I1LB8S5EFMN-_.")
def test_each_key_is_told_from_all_others(letter: str) -> None:
    frame = coded([keyboard(-1)])[0]

    found = find(frame, reference(key(letter)))
    without = find(
        coded([on(keyboard(-1), key("Q" if letter != "Q" else "W"), spot(letter))])[0], reference(key(letter))
    )

    assert found.region[:2] == spot(letter)
    assert not without.found, without


def test_chosen_key_is_not_the_key_and_the_key_not_the_chosen_one() -> None:
    frames = coded([keyboard(LETTERS.index(letter)) for letter in "OI0"])

    assert [find(frame, reference(key("I", chosen=True))).found for frame in frames] == [False, True, False]
    assert [find(frame, reference(key("I"))).found for frame in frames] == [True, False, True]
    assert find(frames[0], reference(key("O", chosen=True))).region[:2] == spot("O")


def test_chessboard_is_where_its_squares_are_and_on_no_other_board() -> None:
    board, other = coded([chequers(40), chequers(46)])
    part = reference(np.ascontiguousarray(chequers(40)[60:180, 100:300]))

    found = find(board, part)

    assert found.found
    assert ((found.region.x - 100) // 40 + (found.region.y - 60) // 40) % 2 == 0
    assert (found.region.x % 40, found.region.y % 40) == (20, 20)
    assert not find(other, part).found
    assert not find(coded([on(chequers(40), blank((25, 25, 25), (1280, 720)), (0, 0))])[0], part).found


def test_one_tile_of_eighteen_is_told_by_its_mark() -> None:
    wanted = reference(np.ascontiguousarray(tiles(7)[266 : 266 + 180, 250 : 250 + 176]))

    assert find(coded([tiles(7)])[0], wanted).region[:2] == (250, 266)
    assert not find(coded([tiles()])[0], wanted).found
    assert [match.region[:2] for match in find_all(coded([tiles(2, 7, 16)])[0], wanted)] == [
        (450, 40), (250, 266), (850, 492),
    ]  # fmt: skip


def test_tile_without_the_mark_is_none_with_it() -> None:
    wanted = reference(np.ascontiguousarray(tiles()[40 : 40 + 180, 50 : 50 + 176]))

    assert len(find_all(coded([tiles(0, 5)])[0], wanted)) == 16
    assert not find(coded([tiles(*range(18))])[0], wanted).found


def test_posters_of_another_wall_are_not_those_of_this_one() -> None:
    here, there = (painted(seed)[f"posters-{seed}"] for seed in (0, 1))
    frame = coded([there])[0]

    for column in range(6):
        poster = np.ascontiguousarray(here[40:220, 50 + 200 * column : 226 + 200 * column])
        assert not find(frame, reference(poster)).found


def test_fade_to_black_leaves_the_picture_once_and_is_black_at_its_end_only() -> None:
    shelf, frames = Shelf(), faded(HOME, blank((0, 0, 0), (1280, 720)), 26)
    home = shelf.image(HOME[36:112, 50:240])

    there, black = answers(home, shelf, frames), answers(Black(), shelf, frames)

    assert there[:2] == [True, True]
    assert not any(there[13:])
    assert changes(there) == changes(black) == 1
    assert black[-1]
    assert not any(black[:23])
    assert not any(one and other for one, other in zip(there, black, strict=True))


def test_cross_fade_shows_one_screen_then_none_then_the_other() -> None:
    shelf, frames = Shelf(), faded(HOME, GUIDE, 25)
    home, guide = shelf.image(HOME[36:112, 50:240], "home.png"), shelf.image(GUIDE[36:112, 50:500], "guide.png")

    first, last = answers(home, shelf, frames), answers(guide, shelf, frames)

    assert (first[0], first[-1], last[0], last[-1]) == (True, False, False, True)
    assert changes(first) == changes(last) == 1
    assert not any(one and other for one, other in zip(first, last, strict=True))
    assert sum(answers(Appears(guide), shelf, frames)) == sum(last)
    assert sum(answers(Gone(home), shelf, frames)) == first.count(False)


def test_torn_frame_shows_only_what_is_whole_in_it() -> None:
    """The upper part is of the next screen already, the lower part still of the one before."""
    shelf, torn = Shelf(), GUIDE.copy()
    torn[300:] = HOME[300:]
    above, across, below = (shelf.image(GUIDE[top : top + 120, 50:600], f"{top}.png") for top in (40, 240, 420))
    before = shelf.image(HOME[176:356, 355:630], "before.png")
    frames = coded([HOME, torn, GUIDE])

    assert answers(above, shelf, frames) == [False, True, True]
    assert answers(across, shelf, frames) == [False, False, True]
    assert answers(below, shelf, frames) == [False, False, True]
    assert answers(before, shelf, frames) == [True, False, False]
    assert answers(Motion(), shelf, frames) == [False, True, True]


def test_colour_that_changes_at_one_brightness_is_a_change_to_every_check() -> None:
    shelf, gray, blue = Shelf(), button(colour=(96, 96, 96)), button(colour=(160, 92, 82))
    film = coded([on(blank(), colour, (60, 40)) for colour in (gray, gray, blue, blue)])
    for number, picture in enumerate(film):
        picture.pts = number / 25
    was, now = shelf.image(gray, "gray.png"), shelf.image(blue, "blue.png")

    assert answers(was, shelf, film) == [True, True, False, False]
    assert answers(now, shelf, film) == [False, False, True, True]
    assert answers(Motion(), shelf, film) == [False, False, True, False]
    assert answers(Frozen(0.08), shelf, film) == [False, False, False, False]


@pytest.mark.parametrize("kept", [1, 2, 3], ids=["all", "every second", "every third"])
def test_frames_that_are_dropped_move_no_verdict_by_more_than_themselves(kept: int) -> None:
    """Nothing is lost that the stream had: the clock goes on, and what lasts is counted by it."""
    shelf, menu = Shelf(), screens()["settings-1"]
    header = shelf.image(menu[40:110, 50:310])
    film = coded([scenes.live(2, number) for number in range(12)] + [menu] * 24)
    for number, picture in enumerate(film):
        picture.pts = number / 25
    left = film[::kept]

    def first(target: Target) -> float:
        return next(picture.pts for picture, seen in zip(left, answers(target, shelf, left), strict=True) if seen)

    assert first(header) == first(AnyOf(header, Black())) == 12 / 25
    assert first(for_seconds(header, 0.48)) == pytest.approx(24 / 25, abs=(kept - 1) / 25 + 1e-6)
    assert first(Frozen(0.48)) == pytest.approx(24 / 25, abs=(kept - 1) / 25 + 1e-6)
    assert first(Motion()) == kept / 25
    assert first(Not(header)) == 0


def test_image_of_nothing_but_noise_is_found_nowhere_else() -> None:
    noise = np.random.default_rng(6).integers(0, 256, (60, 80, 3), np.uint8)
    other = np.random.default_rng(7).integers(0, 256, (360, 640, 3), np.uint8)

    assert not find(plain(other), reference(noise)).found
    assert find(plain(on(other, noise, (201, 77))), reference(noise)).region[:2] == (201, 77)
