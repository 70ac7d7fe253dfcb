"""A change of channel, frame by frame, in pictures of the virtual product."""

from __future__ import annotations

from collections.abc import Iterable

from drawn import Pixels, blank, coded, plain
from virtualpytest_host.picture import Picture
from virtualpytest_host.virtual import scenes
from virtualpytest_host.vision.zap import Zap

BLACK = blank((0, 0, 0), (1280, 720))


def watched(pictures: Iterable[Pixels | Picture], *, motion: bool = True) -> tuple[Zap, dict[str, int]]:
    """Return what a zap sees in *pictures*, the first being the one before the key, and in which it saw what."""
    zap = Zap(motion=motion, banner=None)
    frames = [one if isinstance(one, Picture) else plain(one) for one in pictures]
    for number, frame in enumerate(frames):
        frame.pts = number / 25
    zap.begin(frames[0])
    for frame in frames[1:]:
        if zap.see(frame):
            break
    found = {name: getattr(zap, name) for name in ("black", "picture", "motion")}
    return zap, {name: frames.index(picture) for name, picture in found.items() if picture}


def live(channel: int, first: int, count: int) -> list[Pixels]:
    return [scenes.live(channel, number) for number in range(first, first + count)]


def test_black_picture_and_motion_in_turn() -> None:
    _, found = watched(coded([*live(0, 0, 8), *[BLACK] * 5, *live(1, 13, 4)]))

    assert found == {"black": 8, "picture": 13, "motion": 14}


def test_cut_without_black_is_the_picture() -> None:
    _, found = watched(coded([*live(0, 0, 8), *live(1, 8, 30)]))

    assert found == {"picture": 8, "motion": 9}


def test_cut_within_the_old_channel_is_not_the_new_one() -> None:
    _, found = watched(coded([*live(0, 0, 6), *live(2, 6, 10), *[BLACK] * 5, *live(1, 21, 4)]))

    assert found == {"black": 16, "picture": 21, "motion": 22}


def test_black_in_two_pieces_is_counted_from_its_first_to_its_last() -> None:
    """No. 9: black was counted twice."""
    _, found = watched(coded([*live(0, 0, 6), *[BLACK] * 3, *live(1, 9, 1), *[BLACK] * 3, *live(1, 13, 4)]))

    assert found == {"black": 6, "picture": 13, "motion": 14}


def test_pan_is_no_cut() -> None:
    for channel in range(5):
        zap, found = watched(coded(live(channel, 0, 12)))

        assert found == {}, channel
        assert zap.missing() == "no new picture (neither black nor a cut), no motion"


def test_picture_that_stands_still_is_enough_where_no_motion_is_asked() -> None:
    still = blank((90, 120, 40), (1280, 720))

    _, found = watched([*live(0, 0, 4), BLACK, BLACK, still, still], motion=False)
    zap, _ = watched([*live(0, 0, 4), BLACK, BLACK, still, still])

    assert found == {"black": 4, "picture": 6}
    assert zap.missing() == "no motion"


def test_frozen_old_picture_before_the_cut_changes_nothing() -> None:
    _, found = watched(coded([*live(0, 0, 2), *[scenes.live(0, 1)] * 8, *live(3, 10, 30)]))

    assert found == {"picture": 10, "motion": 11}
