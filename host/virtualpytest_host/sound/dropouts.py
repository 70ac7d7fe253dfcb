"""Short silences within sound: what a listener hears as a click or a hole."""

from __future__ import annotations

import time

import numpy as np

from pytest_virtualpytest.models import Dropout
from virtualpytest_host.recording import Recording
from virtualpytest_host.sound.blocks import Block, blocks
from virtualpytest_host.sound.level import SILENCE

_STEP = 0.001  # seconds of sound that are judged at once


def of(recording: Recording, since: float, below: float, least: float) -> list[Dropout]:
    """Return the silences, quieter than *below* dBFS for *least* seconds or more, that have sound before and after.

    A sample is silent if none within a thousandth of a second is louder.
    """
    found: list[Dropout] = []
    quiet: Dropout | None = None
    sounded = False
    now = time.monotonic()
    for block in blocks(recording, since, lambda: now):
        if block.gap:
            quiet, sounded = None, False
        for at, silent in _pieces(block, below):
            if silent:
                quiet = quiet or Dropout(at, 0.0, block.error)
                continue
            if quiet and sounded and at - quiet.captured >= least:
                found.append(Dropout(quiet.captured, round(at - quiet.captured, 4), quiet.error))
            quiet, sounded = None, True
    return found


def _pieces(block: Block, below: float) -> list[tuple[float, bool]]:
    """Return when each thousandth of a second of *block* began, and whether it is silent."""
    step = max(1, round(block.rate * _STEP))
    peaks = np.maximum.reduceat(np.abs(block.samples).max(axis=0), np.arange(0, block.samples.shape[1], step))
    limit = 10 ** (max(below, SILENCE) / 20)
    return [(block.captured + number * step / block.rate, bool(peak < limit)) for number, peak in enumerate(peaks)]
