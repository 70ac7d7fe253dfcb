"""How far sound and picture are apart, by the flashes and beeps of a reference clip."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator, Sequence

import numpy as np

from pytest_virtualpytest.exceptions import CaptureError, NotSeen
from pytest_virtualpytest.models import Duration
from virtualpytest_host.placeholder import refuse
from virtualpytest_host.player import Player
from virtualpytest_host.recording import Recording
from virtualpytest_host.sound.blocks import Block, blocks
from virtualpytest_host.stream import HOLE

_LEAST = 3  # flashes with a beep
_LIGHTER = 60  # of 255, by which the mean of a picture must rise in a flash
_QUIET = 0.1  # seconds of quiet before a beep
_SHARE = 0.25  # of the loudest that a beep reaches at once
_FAINT = 0.003  # of full scale: what is quieter is no beep
_STEP = 0.001  # seconds of sound that are looked at together
_SMEARED = 0.005  # seconds by which a codec may blur the beginning of a beep


def measure(recording: Recording, begin: float, end: float, late: float) -> Duration:
    """Return how much later the beeps are than the flashes captured from *begin* to *end*; NotSeen if there are none.

    By the stream's own clock, the median of all pairs. A flash is known to one frame, and where the pairs differ by
    more than that, half of what they differ by is the error.
    """
    lit, heard = flashes(recording, begin, end, late), beeps(recording, begin, end, late)
    apart = pairs(lit, heard)
    if len(apart) < _LEAST:
        counts = f"{_count(lit, 'flash', 'es')} and {_count(heard, 'beep', 's')}"
        raise NotSeen(f"{counts} within {end - begin:.0f} s, at least {_LEAST} of each are needed, each near the other")
    spread = (max(apart) - min(apart)) / 2
    return Duration(statistics.median(apart), max(recording.interval() + _SMEARED, spread))


def pairs(lit: Sequence[float], heard: Sequence[float]) -> list[float]:
    """Return how much later the nearest beep is than each flash, where it is nearer than half a period."""
    period = min((after - before for before, after in itertools.pairwise(lit)), default=0.0)
    nearest = (min((beep - flash for beep in heard), key=abs, default=period) for flash in lit)
    return [late for late in nearest if abs(late) < period / 2]


def flashes(recording: Recording, begin: float, end: float, late: float) -> list[float]:
    """Return when the picture became much lighter from one frame to the next, by the stream's clock."""
    player, found, reached = Player(recording, begin), list[float](), begin
    before: float | None = None
    while reached <= end and (picture := player.next(end + late)):
        refuse(picture)
        light = float(picture.luma[::8, ::8].mean())
        if before is not None and picture.gap:
            raise CaptureError("frames are missing in what should flash and beep")
        if before is not None and light - before >= _LIGHTER:
            found.append(picture.pts)
        before, reached = light, picture.captured
    _expect(reached, end, "frame")
    return found


def beeps(recording: Recording, begin: float, end: float, late: float) -> list[float]:
    """Return when sound began after quiet, by the stream's clock."""
    sound = blocks(recording, begin, lambda: end + late)
    heard = list(itertools.takewhile(lambda block: block.captured <= end, sound))
    if any(block.gap for block in heard[1:]):
        raise CaptureError("sound is missing in what should flash and beep")
    _expect(heard[-1].captured if heard else begin, end, "sound")
    peaks = [peak for block in heard for peak in _peaks(block)]
    loud = max(_FAINT, _SHARE * max((peak for _, peak in peaks), default=0.0))
    found: list[float] = []
    last: float | None = None
    for at, peak in peaks:
        if peak >= loud:
            if last is not None and at - last >= _QUIET:
                found.append(at)
            last = at
        elif last is None:
            last = at
    return found


def _expect(reached: float, end: float, what: str) -> None:
    if end - reached > HOLE:
        raise CaptureError(f"no {what} came in the last {end - reached:.1f} s of what should flash and beep")


def _peaks(block: Block) -> Iterator[tuple[float, float]]:
    step = max(1, round(block.rate * _STEP))
    peaks = np.maximum.reduceat(np.abs(block.samples).max(axis=0), np.arange(0, block.samples.shape[1], step))
    yield from ((block.pts + number * step / block.rate, float(peak)) for number, peak in enumerate(peaks))


def _count(found: Sequence[float], name: str, more: str) -> str:
    return f"{len(found)} {name}{'' if len(found) == 1 else more}"
