"""Loudness and true peak of the signals by which EBU Tech 3341 tells a meter that complies."""

from __future__ import annotations

from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray
from virtualpytest_host.sound import r128
from virtualpytest_host.sound.level import decibel

RATE = 48_000


def tone(decibels: float, seconds: float) -> NDArray[np.float32]:
    """Return a stereo sine of 1 kHz."""
    one = 10 ** (decibels / 20) * np.sin(2 * np.pi * 1000 * np.arange(round(seconds * RATE)) / RATE)
    return np.stack([one, one]).astype(np.float32)


def frames(samples: NDArray[np.float32], layout: str = "stereo") -> list[Any]:
    """Return *samples* as a decoder gives them."""
    made = []
    for begin in range(0, samples.shape[1], 1024):
        piece = np.ascontiguousarray(samples[:, begin : begin + 1024])
        frame: Any = av.AudioFrame.from_ndarray(piece, "fltp", layout)
        frame.sample_rate = RATE
        made.append(frame)
    return made


@pytest.mark.parametrize(
    ("parts", "lufs"),
    [
        ([(-23, 20)], -23.0),
        ([(-33, 20)], -33.0),
        ([(-36, 10), (-23, 60), (-36, 10)], -23.0),
        ([(-72, 10), (-36, 10), (-23, 60), (-36, 10), (-72, 10)], -23.0),
        ([(-26, 20), (-20, 20.1), (-26, 20)], -23.0),
    ],
)
def test_cases_1_to_5(parts: list[tuple[float, float]], lufs: float) -> None:
    sound = np.concatenate([tone(*part) for part in parts], axis=1)

    assert r128.integrated(frames(sound)) == pytest.approx(lufs, abs=0.1)


def test_one_channel_counts_as_both_speakers() -> None:
    assert r128.integrated(frames(tone(-23, 5)[:1], "mono")) == pytest.approx(-23.0, abs=0.1)


def test_silence_is_at_the_gate_and_too_little_has_none() -> None:
    assert r128.integrated(frames(np.zeros((2, RATE), np.float32))) == -70.0
    assert r128.integrated(frames(tone(-23, 0.3))) is None


@pytest.mark.parametrize(
    ("part", "phase", "value", "peak"),
    [(4, 0, 0.5, -6.0), (4, 45, 0.5, -6.0), (6, 60, 0.5, -6.0), (8, 67.5, 0.5, -6.0), (4, 45, 1.41, 3.0)],
)
def test_cases_15_to_19_true_peak(part: int, phase: float, value: float, peak: float) -> None:
    angles = 2 * np.pi * np.arange(RATE) / part + np.radians(phase)
    sound = np.stack([value * np.sin(angles)] * 2).astype(np.float32)

    assert peak - 0.4 <= decibel(r128.true_peak(sound, RATE)) <= peak + 0.2
