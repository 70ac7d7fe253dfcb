"""The sound of a recording in small blocks, from any moment that the ring still holds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from pytest_virtualpytest.exceptions import CaptureError
from virtualpytest_host import ring
from virtualpytest_host.player import decoder, packet
from virtualpytest_host.recording import Recording
from virtualpytest_host.sound.level import channels, loudness

_BEFORE = 3  # packets that a decoder needs to begin
_TURN = 0.25


@dataclass(frozen=True)
class Block:
    """A piece of sound: its *level* in dBFS, and when it began; *gap* says that something is missing before it.

    *samples* are of shape (channels, length), within -1..1.
    """

    level: float
    samples: NDArray[np.float32]
    rate: int
    gap: bool
    seconds: float
    captured: float
    error: float
    pts: float
    generation: int

    def pieces(self, seconds: float) -> Iterator[Block]:
        """Yield this in pieces of about *seconds*, one after the other."""
        count, late = max(1, round(self.seconds / seconds)), 0.0
        for number, samples in enumerate(np.array_split(self.samples, count, axis=1)):
            lasts, gap = samples.shape[1] / self.rate, self.gap and not number
            captured, pts = self.captured + late, self.pts + late
            yield replace(
                self, level=loudness(samples), samples=samples, gap=gap, seconds=lasts, captured=captured, pts=pts
            )
            late += lasts


def blocks(recording: Recording, since: float, deadline: Callable[[], float]) -> Iterator[Block]:
    """Yield the blocks captured from *since* on, as they come, until *deadline*, which may change."""
    number, context, generation = _start(recording, since), None, -1
    begun = time.monotonic()
    while True:
        if number > recording.ring.newest:
            if time.monotonic() >= deadline():
                return
            recording.check(ring.AUDIO, begun)
            recording.wait(min(_TURN, max(0.0, deadline() - time.monotonic())))
            continue
        entry = recording.ring.entry(number)
        number += 1
        if entry is None or entry.stream != ring.AUDIO:
            continue
        if entry.gap or entry.generation != generation:
            generation, facts = entry.generation, recording.facts(entry.generation, "audio")
            context = decoder(facts) if facts else None
        for block in _decoded(recording, entry, context):
            if block.captured >= since:
                yield block


def _start(recording: Recording, since: float) -> int:
    """Return the number of a packet a little before *since*."""
    number, early = recording.ring.newest, 0
    while number > 1 and early < _BEFORE:
        entry = recording.ring.entry(number)
        if entry is None:
            return number + 1
        early += entry.stream == ring.AUDIO and recording.captured(entry) < since
        number -= 1
    return number


def _decoded(recording: Recording, entry: ring.Entry, context: Any) -> Iterator[Block]:
    facts, data = recording.facts(entry.generation, "audio"), recording.ring.data(entry)
    if context is None or facts is None or data is None:
        return
    base = Fraction(*facts["base"])
    try:
        frames = list(context.decode(packet(entry, data, base)))
    except av.FFmpegError:  # a decoder needs a packet or two to begin
        return
    captured, late = recording.captured(entry), 0.0
    for frame in frames:
        samples, seconds = channels(frame), frame.samples / frame.sample_rate
        yield Block(
            loudness(samples), samples, frame.sample_rate, entry.gap and not late, seconds, captured + late,
            recording.error(entry), float(entry.pts * base) + late, entry.generation,
        )  # fmt: skip
        late += seconds


def heard(recording: Recording) -> bool:
    """Tell whether the stream has sound at all."""
    newest = recording.newest(ring.VIDEO)
    if newest is None:
        raise CaptureError(f"no picture from {recording}")
    return recording.facts(newest.generation, "audio") is not None
