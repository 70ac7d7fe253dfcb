"""The box's sound, block by block: a tone in each of two channels, or the beep that belongs to a flash."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BEEP_HZ, BEEP_SECONDS = 1000, 0.08


class Synth:
    """Makes blocks of *rate* samples a second, of shape (2, length), without a click between two of one tone."""

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._phases = np.zeros(2)

    def tones(self, pitches: tuple[float, float], loud: float, count: int) -> NDArray[np.float32]:
        """Return the next *count* samples of the tones, in Hz, of left and right; 0 is silence."""
        steps = 2 * np.pi * np.array(pitches) / self._rate
        angles = self._phases[:, None] + steps[:, None] * np.arange(count)
        self._phases = (self._phases + steps * count) % (2 * np.pi)
        return (loud * np.sin(angles) * (steps > 0)[:, None]).astype(np.float32)

    def beeps(self, since: float, loud: float, count: int) -> NDArray[np.float32]:
        """Return *count* samples, the first of them *since* seconds after a beep began; there is one each second."""
        at = (since + np.arange(count) / self._rate) % 1.0
        beep = loud * np.cos(2 * np.pi * BEEP_HZ * at) * (at < BEEP_SECONDS)
        return np.stack([beep, beep]).astype(np.float32)
