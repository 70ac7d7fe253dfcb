"""What a stream's frames say of how it goes."""

from __future__ import annotations

import pytest
from virtualpytest_host import vital

STEADY = [number / 25 for number in range(250)]


def test_rate_is_that_of_the_newest_frames() -> None:
    slow, fast = [float(number) for number in range(10)], [10 + number / 50 for number in range(200)]

    assert vital.rate([*slow, *fast]) == pytest.approx(50)
    assert vital.rate([1.0]) == 0


@pytest.mark.parametrize("missing", [[], [7], [7, 8, 9], [1, 100, 248]])
def test_frames_that_are_missing_are_counted(missing: list[int]) -> None:
    shown = [at for number, at in enumerate(STEADY) if number not in missing]

    assert vital.dropped(shown) == len(missing)


def test_a_clock_that_trembles_is_no_loss() -> None:
    assert vital.dropped([at + (number % 3) / 300 for number, at in enumerate(STEADY)]) == 0


def test_frames_without_a_rhythm_tell_of_no_loss() -> None:
    assert vital.dropped([number * number / 100 for number in range(100)]) is None
    assert vital.dropped([1.0]) is None
