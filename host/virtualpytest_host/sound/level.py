"""How loud a recording is."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from pytest_virtualpytest.exceptions import CaptureError
from pytest_virtualpytest.models import Level
from virtualpytest_host import ring
from virtualpytest_host.player import decoder, packet
from virtualpytest_host.recording import Recording
from virtualpytest_host.sound import r128

SILENCE = -120.0


def measure(recording: Recording, seconds: float) -> Level:
    """Return the level of the newest *seconds*, or what is held of them; CaptureError if there is no sound."""
    newest = recording.first(ring.AUDIO, time.monotonic() + 5)
    recording.check(ring.AUDIO)
    frames = list(_frames(recording, newest, seconds))
    if not frames:
        raise CaptureError(f"no sound from {recording}: none of its packets can be decoded")
    return of(frames, recording.captured(newest))


def of(frames: Sequence[Any], captured: float) -> Level:
    """Return the level of *frames*, the last of which was captured at *captured*."""
    samples, rate = np.concatenate([channels(frame) for frame in frames], axis=1), frames[0].sample_rate
    peak, each = decibel(float(np.abs(samples).max())), tuple(loudness(channel) for channel in samples)
    between = decibel(r128.true_peak(samples, rate))
    return Level(loudness(samples), peak, samples.shape[1] / rate, captured, each, between, r128.integrated(frames))


def _frames(recording: Recording, newest: ring.Entry, seconds: float) -> Iterator[Any]:
    facts = recording.facts(newest.generation, "audio")
    assert facts is not None  # it tells of a stream before it keeps a packet of it
    base = Fraction(*facts["base"])
    first = newest.pts - round(seconds / base)
    numbers = _numbers(recording, newest, first)
    context = decoder(facts)
    for number in reversed(numbers):
        entry = recording.ring.entry(number)
        data = recording.ring.data(entry) if entry else None
        if entry and data:
            for frame in _decode(context, entry, data, base):
                if entry.pts >= first:
                    yield frame


def _numbers(recording: Recording, newest: ring.Entry, first: int) -> list[int]:
    """Return the sound packets from *first* pts on, newest first, and two before them to begin decoding with."""
    numbers, before = [], 0
    for number in range(newest.number, 0, -1):
        entry = recording.ring.entry(number)
        if entry is None or before == 2:
            break
        if entry.stream == ring.AUDIO and entry.generation == newest.generation:
            numbers.append(number)
            before += entry.pts < first
    return numbers


def _decode(context: Any, entry: ring.Entry, data: bytes, base: Fraction) -> list[Any]:
    try:
        return list(context.decode(packet(entry, data, base)))
    except av.FFmpegError:  # a decoder needs a packet or two to begin
        return []


def channels(frame: Any) -> NDArray[np.float32]:
    """Return the samples of *frame* within -1..1, of shape (channels, length)."""
    samples = frame.to_ndarray()
    scale = float(np.iinfo(samples.dtype).max) if samples.dtype.kind == "i" else 1.0
    if not frame.format.is_planar:
        samples = samples.reshape(-1, frame.layout.nb_channels).T
    return (samples / scale).astype(np.float32)  # type: ignore[no-any-return]  # of a frame, which has no types


def loudness(samples: NDArray[np.float32]) -> float:
    """Return the level of *samples* in dBFS: that of the square root of their mean power."""
    return decibel(math.sqrt(float(np.mean(np.square(samples, dtype=np.float64)))))


def decibel(value: float) -> float:
    """Return *value*, where 1 is full scale, in dBFS."""
    return max(SILENCE, 20 * math.log10(value)) if value > 0 else SILENCE
