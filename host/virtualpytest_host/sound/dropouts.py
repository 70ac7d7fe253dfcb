"""Silences, and among them the short ones within sound: what a listener hears as a click or a hole."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from pytest_virtualpytest.models import Dropout
from virtualpytest_host.recording import Recording
from virtualpytest_host.sound.blocks import Block, blocks
from virtualpytest_host.sound.level import SILENCE

_STEP = 0.001  # seconds of sound that are judged at once


@dataclass(frozen=True)
class Quiet:
    """A silence, and whether there is sound on both sides of it."""

    piece: Dropout
    within: bool


def of(recording: Recording, since: float, below: float, least: float) -> list[Dropout]:
    """Return the silences, quieter than *below* dBFS for *least* seconds or more, that have sound before and after."""
    now = time.monotonic()
    sound = blocks(recording, since, lambda: now)
    return [quiet.piece for quiet in silences(sound, below, least) if quiet.within]


def silences(sound: Iterable[Block], below: float, least: float) -> Iterator[Quiet]:
    """Yield what of *sound* is quieter than *below* dBFS for *least* seconds or more.

    A sample is silent if none within a thousandth of a second is louder.
    """
    begun: float | None = None
    sounded, end, error = False, 0.0, 0.0
    for block in sound:
        if block.gap:
            if begun is not None and end - begun >= least:
                yield Quiet(_piece(begun, end, error), False)
            begun, sounded = None, False
        for at, silent in _pieces(block, below):
            if silent and begun is None:
                begun, error = at, block.error
            elif not silent:
                if begun is not None and at - begun >= least:
                    yield Quiet(_piece(begun, at, error), sounded)
                begun, sounded = None, True
        end = block.captured + block.seconds
    if begun is not None and end - begun >= least:
        yield Quiet(_piece(begun, end, error), False)


def _piece(begun: float, end: float, error: float) -> Dropout:
    return Dropout(begun, round(end - begun, 4), error)


def _pieces(block: Block, below: float) -> list[tuple[float, bool]]:
    """Return when each thousandth of a second of *block* began, and whether it is silent."""
    step = max(1, round(block.rate * _STEP))
    peaks = np.maximum.reduceat(np.abs(block.samples).max(axis=0), np.arange(0, block.samples.shape[1], step))
    limit = 10 ** (max(below, SILENCE) / 20)
    return [(block.captured + number * step / block.rate, bool(peak < limit)) for number, peak in enumerate(peaks)]
