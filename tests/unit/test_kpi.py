"""A change of channel and a series of them, as a test holds them."""

from __future__ import annotations

import pytest

from pytest_virtualpytest.exceptions import OutOfLimits, VirtualPytestError
from pytest_virtualpytest.kpi import Series, Transition, Zap
from pytest_virtualpytest.measure import Measure
from pytest_virtualpytest.models import Duration, Measurement, Press, Sighting
from pytest_virtualpytest.report import Silent

PRESS = Press("CHANNEL_UP", 100.0, 100.02, "boot")


def seen(at: float, name: str = "picture") -> Sighting:
    return Sighting(True, name, captured=at, error=0.03, pts=at - 90, frame_seconds=0.04, boot="boot")


def zap(**times: float) -> Zap:
    return Zap.from_wire(PRESS, {name: seen(at, name).to_wire() for name, at in times.items()})


def test_every_time_counts_from_the_key_with_its_error() -> None:
    one = zap(black=100.31, picture=100.71, motion=100.75, sound=100.73, banner=100.71)

    assert one.key == "CHANNEL_UP"
    assert [round(float(one.durations[name]), 3) for name in ("black", "picture", "motion", "sound", "banner")] == [
        0.3, 0.7, 0.74, 0.72, 0.7,
    ]  # fmt: skip
    assert one.picture.error == pytest.approx(0.04)
    assert one.total == one.motion


def test_black_lasts_as_long_as_the_streams_clock_says() -> None:
    dark = zap(black=100.31, picture=100.71).dark

    assert dark is not None
    assert (round(dark.seconds, 3), dark.error) == (0.4, 0.04)


def test_zap_without_its_first_step_has_the_others() -> None:
    """No. 6: it crashed with an unbound name."""
    one = Zap.from_wire(PRESS, {"picture": seen(100.5).to_wire(), "black": None, "motion": None, "banner": None})

    assert (one.black, one.dark, one.motion, one.sound, one.banner) == (None, None, None, None, None)
    assert one.total == one.picture
    assert list(one.durations) == ["picture", "total"]
    assert str(one) == "zap CHANNEL_UP: picture 0.490 s ± 40 ms, total 0.490 s ± 40 ms"


def test_each_time_can_be_measured() -> None:
    kept: list[Measurement] = []
    measure = Measure(Silent(), kept.append)

    for name, duration in zap(black=100.31, picture=100.71, motion=100.75).durations.items():
        measure(f"zap {name}", duration, maximum=2)

    assert [one.name for one in kept] == ["zap black", "zap picture", "zap motion", "zap dark", "zap total"]
    with pytest.raises(OutOfLimits):
        measure("zap", zap(picture=103.0).total, maximum=2)


def test_transition_has_its_times() -> None:
    found = Transition(PRESS, seen(100.11), seen(101.11), seen(102.11))

    assert round(float(found.begins), 3) == 0.1
    assert round(float(found.ends), 3) == 1.1
    assert (round(float(found.lasts), 3), found.lasts.error) == (1.0, 0.04)


def test_series_has_its_statistics() -> None:
    series = Series([Duration(seconds / 10, 0.01) for seconds in (3, 1, 2, 4)])

    assert series.n == len(series) == 4
    assert series.median == Duration(0.25, 0.01)
    assert (series.minimum.seconds, series.maximum.seconds) == (0.1, 0.4)
    assert series.p95.seconds == 0.4
    assert str(series) == ("median 0.250 s ± 10 ms, p95 0.400 s ± 10 ms, from 0.100 s ± 10 ms to 0.400 s ± 10 ms, n 4")


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (19, 19), (20, 19), (21, 20), (40, 38), (100, 95)])
def test_p95_is_a_value_that_was_measured(count: int, expected: int) -> None:
    assert Series(range(1, count + 1)).p95.seconds == expected


def test_middle_of_an_even_number_has_the_largest_error() -> None:
    assert Series([Duration(1, 0.01), Duration(2, 0.03, calibrated=False)]).median == Duration(1.5, 0.03, False)


def test_series_of_nothing_is_an_error() -> None:
    with pytest.raises(VirtualPytestError, match="a series of nothing has no statistics"):
        Series([])
