"""Targets made of others, judged frame by frame.

The numbers in the docstrings are those of the wrong verdicts that the product before this one gave.
"""

from __future__ import annotations

import pytest
from drawn import Pixels, Shelf, blank, button, on, plain
from virtualpytest_host.picture import Picture

from pytest_virtualpytest.exceptions import ReferenceNotFound
from pytest_virtualpytest.models import Region
from pytest_virtualpytest.targets import (
    All,
    AnyOf,
    Appears,
    Black,
    Gone,
    Image,
    Motion,
    Not,
    Target,
    Then,
    in_region,
)  # fmt: skip

SHELF = Shelf()
A = SHELF.image(button("Alpha"), "a.png")
B = SHELF.image(button("Beta"), "b.png")
PARTS = {
    "a": (button("Alpha"), (20, 20)),
    "b": (button("Beta"), (180, 20)),
    "l": (blank((250, 250, 250), (60, 40)), (20, 120)),
}


def screen(letters: str) -> Pixels:
    """Return a screen that shows what *letters* say: a, b, a lamp; "x" is black, "|" marks a gap before it."""
    if "x" in letters:
        return blank((0, 0, 0))
    made = blank()
    for letter in letters.strip("-|"):
        made = on(made, PARTS[letter][0], PARTS[letter][1])
    return made


def frame(letters: str) -> Picture:
    return plain(screen(letters), gap="|" in letters)


def answers(target: Target, *screens: str) -> list[bool]:
    """Return what *target* makes of each frame, one after the other."""
    judge = SHELF.judge(target)
    return [bool(judge.see(frame(letters))) for letters in screens]


def why(target: Target, *screens: str) -> str:
    judge = SHELF.judge(target)
    return [judge.see(frame(letters)) for letters in screens][-1].why


def test_all_wants_every_one_in_the_same_frame() -> None:
    assert answers(All(A, B), "-", "a", "b", "ab") == [False, False, False, True]


def test_all_says_which_one_is_missing() -> None:
    judge = SHELF.judge(All(A, B))

    seen = judge.see(frame("a"))

    assert seen.why.startswith("b.png: nearest place")
    assert seen.target == "all of (a.png, b.png)"


def test_any_wants_one() -> None:
    assert answers(AnyOf(A, B), "-", "a", "b", "ab") == [False, True, True, True]


def test_any_gives_the_place_of_the_one_that_is_there() -> None:
    judge = SHELF.judge(AnyOf(A, B))

    assert judge.see(frame("b")).region == (180, 20, 96, 32)
    assert judge.see(frame("a")).region == (20, 20, 96, 32)


def test_any_says_why_none_is_there() -> None:
    first, second = why(AnyOf(A, B), "-").split("(stage: coarse); ")

    assert first.startswith("a.png: nearest place")
    assert second.startswith("b.png: nearest place")


def test_not_is_true_of_absence() -> None:
    assert answers(Not(A), "-", "a", "b") == [True, False, True]


def test_not_says_where_it_is() -> None:
    assert why(Not(A), "a") == "it is there at 20,20 96x32 (score 1.00)"


@pytest.mark.parametrize(
    "target", [Not(Motion()), Not(All(Motion(), A)), Not(AnyOf(B, Motion())), Not(Not(Motion())), All(A, Not(Motion()))]
)
def test_what_cannot_be_decided_is_not_true_under_not(target: Target) -> None:
    assert answers(target, "a") == [False]


def test_not_motion_is_stillness_from_the_second_frame_on() -> None:
    assert answers(Not(Motion()), "a", "a", "ab", "ab", "|a", "a") == [False, True, False, True, False, True]


def test_misspelt_reference_under_not_is_an_error() -> None:
    """No. 2: a wait for an image to disappear passed when its file was missing or misspelt."""
    for target in (Not(Image("baner.png")), Gone("baner.png"), All(A, Not("baner.png")), Then(A, Not("baner.png"))):
        with pytest.raises(ReferenceNotFound, match=r"baner\.png: the picture was not looked up"):
            SHELF.judge(target)


def test_reference_that_no_frame_can_match_is_an_error_under_not() -> None:
    large = SHELF.image(button(size=(400, 200)), "large.png")
    outside = SHELF.image(button("Alpha"), "a.png", region=Region(400, 0, 100, 100))

    for target in (Not(large), Not(outside), Gone(outside), AnyOf(Not(large), A)):
        with pytest.raises(ReferenceNotFound):
            answers(target, "-")


def test_unreadable_reference_is_an_error_before_its_turn_comes() -> None:
    broken = SHELF.image(blank(size=(40, 40)), "flat.png")

    with pytest.raises(ReferenceNotFound, match=r"flat\.png: it is flat"):
        SHELF.judge(Then(A, broken))


def test_appears_wants_absence_first() -> None:
    assert answers(Appears(A), "-", "a", "a") == [False, True, True]


def test_present_from_the_start_is_not_appearing() -> None:
    assert answers(Appears(A), "a", "a", "-", "a") == [False, False, False, True]
    assert (
        why(Appears(A), "a") == "it was there from the first frame on at 20,20 96x32 (score 1.00), and did not appear"
    )


def test_undecided_is_no_absence_for_appears() -> None:
    assert answers(Appears(Motion()), "-", "a") == [False, False]
    assert answers(Appears(Motion()), "-", "-", "a") == [False, False, True]


def test_gone_is_true_of_what_was_there_and_went() -> None:
    """No. 3: a wait to disappear failed when the image was there at first and then went away."""
    assert answers(Gone(A), "a", "a", "-") == [False, False, True]


def test_never_present_is_not_gone() -> None:
    assert answers(Gone(A), "-", "b", "-") == [False, False, False]
    assert why(Gone(A), "-").startswith("it was never there, so it cannot go; for absence use Not(...); nearest place")


def test_gone_after_it_came() -> None:
    assert answers(Gone(A), "-", "a", "-", "a") == [False, False, True, False]


def test_still_there_is_not_gone() -> None:
    assert why(Gone(A), "a") == "it is still there at 20,20 96x32 (score 1.00)"


def test_appear_then_disappear() -> None:
    """No. 4: appear then disappear always raised."""
    assert answers(Then(Appears(A), Gone(A)), "-", "a", "a", "-", "-") == [False, False, False, True, True]


def test_then_wants_each_in_a_later_frame() -> None:
    assert answers(Then(A, B), "ab", "-", "b") == [False, False, True]
    assert answers(Then(A, B), "b", "a", "a") == [False, False, False]
    assert answers(Then(A, Black(), B), "a", "x", "b") == [False, False, True]


def test_then_stays_true() -> None:
    assert answers(Then(A, B), "a", "b", "-", "a") == [False, True, True, True]


def test_then_appears_counts_from_the_frame_of_the_one_before() -> None:
    assert answers(Then(A, Appears(B)), "a", "b") == [False, True]
    assert answers(Then(A, Appears(B)), "ab", "ab", "a", "b") == [False, False, False, True]


def test_then_says_whose_turn_it_is() -> None:
    assert why(Then(A, B), "a", "-").startswith("2 of 2, b.png: nearest place")
    assert why(Then(A, B), "a") == "1 of 2 came true in this frame"


def test_then_motion_is_a_change_from_the_frame_before() -> None:
    assert answers(Then(Black(), Motion()), "x", "x", "x", "a") == [False, False, False, True]


@pytest.mark.parametrize(
    ("target", "screens", "expected"),
    [
        (Not(All(A, B)), ("ab", "a"), [False, True]),
        (All(A, Not(B)), ("ab", "a", "b"), [False, True, False]),
        (AnyOf(All(A, B), Black()), ("a", "x", "ab"), [False, True, True]),
        (Appears(All(A, B)), ("a", "ab"), [False, True]),
        (Gone(AnyOf(A, B)), ("a", "b", "-"), [False, False, True]),
        (Not(Appears(A)), ("a", "-", "a"), [True, True, False]),
        (All(Motion(), A), ("a", "ab", "ab", "b"), [False, True, False, False]),
        (AnyOf(A, Motion()), ("a", "-", "-", "l"), [True, True, False, True]),
        (All(A, Appears(B)), ("-", "b", "-", "ab"), [False, False, False, True]),
        (Then(AnyOf(A, B), Gone(AnyOf(A, B))), ("a", "b", "-"), [False, False, True]),
        (Then(Then(A, B), Black()), ("a", "b", "x"), [False, False, True]),
    ],
    ids=str,
)
def test_nested(target: Target, screens: tuple[str, ...], expected: list[bool]) -> None:
    assert answers(target, *screens) == expected


def test_member_with_a_memory_sees_every_frame_even_where_another_has_decided() -> None:
    assert answers(All(B, Appears(A)), "-", "a", "ab") == [False, False, True]
    assert answers(AnyOf(B, Gone(A)), "ab", "b", "-") == [True, True, True]


def test_region_of_a_composed_target_is_every_members() -> None:
    left = Region(0, 0, 160, 180)

    assert answers(in_region(All(A, Not(B)), left), "ab") == [True]
    assert answers(in_region(Then(A, Motion()), left), "a", "ab", "al") == [False, False, True]


def test_every_place_of_any_of_two() -> None:
    found = SHELF.judge(AnyOf(A, B)).find_all(frame("ab"))

    assert [seen.region for seen in found] == [(20, 20, 96, 32), (180, 20, 96, 32)]


def test_every_place_of_a_target_without_places_is_one_or_none() -> None:
    assert len(SHELF.judge(Black()).find_all(frame("x"))) == 1
    assert SHELF.judge(Black()).find_all(frame("a")) == []
    assert SHELF.judge(Motion()).find_all(frame("a")) == []


def test_sighting_has_the_times_of_its_frame() -> None:
    picture = Picture.from_bgr(screen("a"), captured=81.5, error=0.02, pts=7.25)

    seen = SHELF.judge(A).see(picture)

    assert (seen.captured, seen.error, seen.pts) == (81.5, 0.02, 7.25)
    assert type(seen.score) is float


@pytest.mark.parametrize(
    ("target", "before", "first", "expected"),
    [
        (Appears(A), "-", "a", True),
        (Appears(A), "a", "a", False),
        (Gone(A), "a", "-", True),
        (Gone(A), "-", "-", False),
        (Motion(), "-", "a", True),
        (Motion(), "a", "a", False),
        (Not(Motion()), "a", "a", True),
        (All(Appears(A), Not(B)), "-", "a", True),
        (Then(Appears(A), B), "-", "a", False),
        (Then(A, B), "a", "b", False),
        (A, "a", "-", False),
    ],
    ids=str,
)
def test_frame_before_the_first_is_compared_with_and_does_not_count(
    target: Target, before: str, first: str, expected: bool
) -> None:
    judge = SHELF.judge(target)

    judge.begin(frame(before))

    assert bool(judge.see(frame(first))) is expected


def test_first_of_then_may_come_true_in_the_first_frame_after_the_one_before() -> None:
    judge = SHELF.judge(Then(Appears(A), B))
    judge.begin(frame("-"))

    assert [bool(judge.see(frame(letters))) for letters in ("a", "ab")] == [False, True]


def test_many_judges_share_the_work_on_one_frame() -> None:
    picture = frame("a")
    SHELF.judge(A).see(picture)
    kept = {key for key in picture.cache if isinstance(key, tuple)}

    SHELF.judge(Not(A)).see(picture)

    assert {key for key in picture.cache if isinstance(key, tuple)} == kept
