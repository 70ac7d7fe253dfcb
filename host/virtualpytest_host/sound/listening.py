"""Whether what is listened for is there, block by block, and when it began."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from pytest_virtualpytest.exceptions import CaptureError
from pytest_virtualpytest.models import Sighting
from pytest_virtualpytest.targets import Heard, Silence, Sound, Speech, Tone
from virtualpytest_host.sound.blocks import Block
from virtualpytest_host.sound.level import SILENCE, loudness
from virtualpytest_host.sound.speech import Voice

_STEP = 0.005  # seconds of sound whose level is judged at once
_DIP = 0.06  # seconds that sound may be too quiet and go on
_PAUSE = 0.3  # seconds between words
_ONSET = 0.1  # seconds of a word until it is known for one
_CYCLES, _SHORTEST = 12, 0.05  # of a tone that its pitch is told from, and the seconds at least
_MOST = 0.5  # share of the power that a tone must have


class Listening:
    """Listens for *wanted*: *held* is how long it has been so, *broken* tells that it was not since the last gap."""

    def __init__(self, wanted: Heard) -> None:
        self._wanted = wanted
        self._dip = {Sound: _DIP, Speech: _PAUSE}.get(type(wanted), 0.0)
        self._voice = Voice() if isinstance(wanted, Speech) else None
        self._window: deque[Block] = deque()
        self._first: Block | None = None
        self._missed = self.held = self._packet = 0.0
        self.broken = False
        self.longest, self._nearest = 0.0, (SILENCE, 0.0)
        self._generation = -1

    def hear(self, block: Block) -> Sighting | None:
        """Return where *wanted* began, once it has lasted long enough."""
        return next((seen for _, seen in self.course(block) if seen), None)

    def course(self, block: Block) -> Iterator[tuple[Block, Sighting | None]]:
        """Yield each piece of *block*, with where *wanted* began if it has lasted long enough up to there."""
        self._packet = block.seconds
        if block.gap or block.generation != self._generation:
            self._generation, self.broken = block.generation, False
            self._begin_anew()
            self._window.clear()
            if self._voice:
                self._voice.begin_anew()
        yield from ((piece, self._take(piece)) for piece in self._pieces(block))

    def _pieces(self, block: Block) -> Iterable[Block]:
        if self._voice:
            return self._voice.pieces(block, _channel(block, self._wanted))
        return [block] if isinstance(self._wanted, Tone) else block.pieces(_STEP)

    def _take(self, block: Block) -> Sighting | None:
        self._window.append(block)
        if self._is_so(block):
            self._first = self._first or block
            bridged = 0.0 if self._voice else self._missed  # a pause is no speech
            self.held, self._missed = self.held + bridged + block.seconds, 0.0
            self.longest = max(self.longest, self.held)
        else:
            self._missed += block.seconds
            if self._first is None or self._missed >= self._dip:
                self.broken = True
                self._begin_anew()
        if self._first is not None and self.held >= self._wanted.seconds:
            return self._found(self._first)
        return None

    def why(self) -> str:
        """Return how near the sound came to it."""
        level, hz = self._nearest
        if isinstance(self._wanted, Tone):
            heard = f"the loudest was {hz:.0f} Hz at {level:.1f} dBFS" if hz else "it was silent"
        else:
            most = "quietest" if isinstance(self._wanted, Silence) else "loudest"
            heard = f"the {most} was {level:.1f} dBFS"
        return f"{heard}; {self.longest:.2f} s of it at most"

    def _found(self, first: Block) -> Sighting:
        inexact = self._packet + (self._span / 2 if isinstance(self._wanted, Tone) else _ONSET if self._voice else 0.0)
        name, error = str(self._wanted), first.error + inexact
        return Sighting(True, name, first.captured, error, first.pts, first.generation, inexact, score=1.0)

    def _begin_anew(self) -> None:
        self._first, self.held, self._missed = None, 0.0, 0.0

    def _is_so(self, block: Block) -> bool:
        wanted = self._wanted
        if isinstance(wanted, Tone):
            return self._rings(wanted, block)
        if self._voice:
            return self._speaks(self._voice, block)
        level = loudness(_channel(block, wanted))
        if isinstance(wanted, Silence):
            self._nearest = min(self._nearest if self._nearest[0] > SILENCE else (0.0, 0.0), (level, 0.0))
            return level < wanted.below
        assert isinstance(wanted, Sound)
        self._nearest = max(self._nearest, (level, 0.0))
        return level >= wanted.above

    def _speaks(self, voice: Voice, piece: Block) -> bool:
        assert isinstance(self._wanted, Speech)
        self._nearest = max(self._nearest, (piece.level, 0.0))
        return voice.speaks(piece) and piece.level >= self._wanted.above

    def _rings(self, wanted: Tone, block: Block) -> bool:
        """Tell whether the last cycles are of the pitch."""
        while sum(one.seconds for one in self._window) - self._window[0].seconds >= self._span:
            self._window.popleft()
        samples = np.concatenate([_channel(one, wanted) for one in self._window], axis=1)
        level, (hz, share) = loudness(samples), _pitch(samples, block.rate)
        self._nearest = max(self._nearest, (level, hz))
        near = abs(hz - wanted.hz) <= wanted.hz * wanted.tolerance
        return near and level >= wanted.above and share >= _MOST

    @property
    def _span(self) -> float:
        return max(_SHORTEST, _CYCLES / self._wanted.hz) if isinstance(self._wanted, Tone) else 0.0


def _pitch(samples: NDArray[np.float32], rate: int) -> tuple[float, float]:
    """Return the frequency of the strongest tone in *samples*, and its share of their power.

    It lies where a parabola through the peak of the Hann-windowed spectrum and its two neighbours, in decibel, has its
    top (J. O. Smith, Spectral Audio Signal Processing: quadratic interpolation of spectral peaks); the peak is four
    bins wide.
    """
    length = samples.shape[1]
    power = np.square(np.abs(np.fft.rfft(samples * np.hanning(length), axis=1))).sum(axis=0) + 1e-12
    peak = int(power[1:-1].argmax()) + 1
    before, top, after = np.log(power[peak - 1 : peak + 2])
    bend = before - 2 * top + after
    apart = 0.5 * (before - after) / bend if bend else 0.0
    share = power[max(0, peak - 2) : peak + 3].sum() / power.sum()
    return float((peak + apart) * rate / length), float(share)


def _channel(block: Block, wanted: Heard) -> NDArray[np.float32]:
    """Return the samples that *wanted* is about."""
    if wanted.channel is None:
        return block.samples
    if len(block.samples) < 2:
        raise CaptureError(f"{wanted}: its sound has one channel only")
    number = ("left", "right").index(wanted.channel)
    return block.samples[number : number + 1]
