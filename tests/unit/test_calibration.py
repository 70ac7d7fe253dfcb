"""A latency from keys and the frames that show them, on made-up times where the truth is known."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import numpy as np
import pytest
from virtualpytest_host import calibration
from virtualpytest_host.picture import Picture

from pytest_virtualpytest.exceptions import DeviceError

GOLDEN = 0.6180339887


def keys(
    latency: float, count: int = 20, *, interval: float = 0.04, took: float = 0.002, jitter: float = 0.0, seed: int = 1
) -> Iterator[dict[str, float]]:
    """Yield what is measured of keys, evenly spread, that a device shows in its next frame."""
    chance = random.Random(seed)
    for number in range(count):
        phase = number * GOLDEN % 1 * interval
        shown = (math.floor((phase + chance.uniform(0, jitter)) / interval) + 1) * interval
        before, captured = number + phase - chance.uniform(0, took), number + shown + latency
        yield {"before": before, "after": before + took, "captured": captured, "error": 0.0005, "interval": interval}


@pytest.mark.parametrize("count", [5, 7, 20, 50])
@pytest.mark.parametrize("latency", [0.0, 0.0065, 0.08, 0.4])
@pytest.mark.parametrize("interval", [0.04, 1 / 60])
def test_figure_is_right_within_its_error(latency: float, count: int, interval: float) -> None:
    figure = calibration.estimate(list(keys(latency, count, interval=interval)))

    assert abs(figure["latency"] - latency * 1000) <= figure["error"]
    assert figure["error"] < 1000 * interval / count + 3


@pytest.mark.parametrize("seed", range(30))
def test_device_that_reacts_unsteadily_has_a_larger_error(seed: int) -> None:
    figure = calibration.estimate(list(keys(0.08, jitter=0.08, seed=seed)), reaction=0.04)

    assert abs(figure["latency"] - 80) <= figure["error"]
    assert figure["unsteady"] > 10


def test_one_key_that_was_late_changes_little() -> None:
    samples = list(keys(0.08))
    samples[7]["captured"] += 1.2

    figure = calibration.estimate(samples)

    assert abs(figure["latency"] - 80) <= figure["error"] < 8


def test_known_reaction_is_taken_off_and_its_doubt_added() -> None:
    samples = list(keys(0.38))

    bare, told = calibration.estimate(samples), calibration.estimate(samples, reaction=0.3, doubt=0.02)

    assert told["latency"] == pytest.approx(bare["latency"] - 300)
    assert told["error"] == pytest.approx(bare["error"] + 20)


def test_few_keys_make_no_figure() -> None:
    with pytest.raises(DeviceError, match="4 keys are too few for a figure; press at least 5"):
        calibration.estimate(list(keys(0.08, 4)))


def test_change_is_told_from_what_a_codec_does() -> None:
    noise = np.random.default_rng(3).integers(-8, 9, (720, 1280, 1))
    still = np.full((720, 1280, 3), 90, np.uint8)
    moved = still.copy()
    moved[300:340, 200:420] = 180
    first, second, third = (
        Picture.from_bgr(array.astype(np.uint8)) for array in (still, still + noise, moved)
    )

    assert not calibration.changed(first, second)
    assert calibration.changed(first, third)


def test_another_size_is_a_change() -> None:
    large, small = (Picture.from_bgr(np.zeros((size, size, 3), np.uint8)) for size in (64, 32))

    assert calibration.changed(large, small)
