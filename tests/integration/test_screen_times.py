"""Measured times against the truth: a box with a clock of its own, which drifts, and an output that is delayed."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import closing

import pytest
from virtualpytest_host.virtual import life
from watched import Watched, image, watched
from zaps import Zap, latency, zap

from pytest_virtualpytest.targets import Appears, Black, Not

FRAME = 1.01  # a frame, and what the stream's units of 1/90000 s round


@pytest.fixture(scope="module")
def uncalibrated(own_state: object) -> Iterator[list[Zap]]:
    """Give five zaps of a box whose output is delayed nobody knows how much."""
    with closing(life.attach("stb", "timebox", ["--randomise"])):
        with watched("timebox") as stb:
            zaps = [zap(stb) for _ in range(5)]
        yield zaps


@pytest.fixture
def calibrated(uncalibrated: list[Zap]) -> Iterator[Watched]:
    """Give the same box, the latency of its capture now being known from those."""
    with watched("timebox", latency=latency(uncalibrated)) as stb:
        yield stb


def test_durations_within_the_stream_are_exact_to_a_frame(uncalibrated: list[Zap]) -> None:
    off = [one.frames_off for one in uncalibrated]

    assert max(off) < FRAME
    assert [one.black.error for one in uncalibrated] == pytest.approx([one.frame for one in uncalibrated])


def test_time_from_a_key_says_that_it_holds_the_captures_unknown_latency(uncalibrated: list[Zap]) -> None:
    late = [one.late for one in uncalibrated]

    assert not any(one.to_banner.calibrated for one in uncalibrated)
    assert str(uncalibrated[0].to_banner).endswith(" plus the capture's unknown latency")
    assert all(-one.to_banner.error < one.late < 0.35 + one.to_banner.error for one in uncalibrated)
    assert max(late) - min(late) < 2 * statistics.median(one.to_banner.error for one in uncalibrated)


def test_time_from_a_key_is_true_within_its_error_once_the_latency_is_known(calibrated: Watched) -> None:
    zaps = [zap(calibrated) for _ in range(5)]

    assert all(one.to_banner.calibrated for one in zaps)
    assert [one for one in zaps if abs(one.late) > one.to_banner.error] == []
    assert max(one.to_banner.error for one in zaps) < 0.2


@pytest.mark.soak
def test_fifty_zaps(calibrated: Watched) -> None:
    zaps = [zap(calibrated, key) for key in ("CHANNEL_UP", "CHANNEL_DOWN") * 25]

    assert [one for one in zaps if one.frames_off > FRAME] == []
    assert [one for one in zaps if abs(one.late) > one.to_banner.error] == []


def test_black_of_a_single_frame_is_seen() -> None:
    with watched("blinkbox", ["--randomise", "--black-ms", "40"]) as stb:
        press = stb.press("CHANNEL_UP")

        black = stb.wait_for(Black(), since=press)
        light = stb.wait_for(Not(Black()), since=black)
        banner = stb.wait_for(Appears(image("banner")), since=press)

    assert press.before < black.captured
    assert light.after(black).seconds == pytest.approx(0.04, abs=0.041)
    assert banner.pts == light.pts
