"""The sound beside the pictures of one check, on their clock."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Self

from pytest_virtualpytest.exceptions import CaptureError
from virtualpytest_host.recording import SILENCE
from virtualpytest_host.sound.blocks import Block, blocks, heard
from virtualpytest_host.stream import Stream

HOLE = 0.25  # seconds without sound, after which nobody can tell; it comes in pieces
_LEAST = 0.1  # seconds that are lost at a gap, at least
_KEPT = 30.0  # seconds of sound: a check that has fallen behind goes back to frames that it left out

Source = Callable[[float, Callable[[], float]], Iterable[Block]]  # what comes from a moment on, until a deadline


class Beside:
    """The blocks of *source*, read as far as frames ask for and kept for a while: ears begin at different frames.

    *missing* is how many seconds of sound were lost among them.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._blocks: Iterator[Block] | None = None
        self._kept: deque[Block] = deque()
        self._dropped = 0
        self._asked = self.missing = 0.0
        self._end: float | None = None

    def __deepcopy__(self, _memo: object) -> Self:
        """Return the same: who listens has a place of its own in it."""
        return self

    def place(self, moment: float) -> int:
        """Return the number of the first block that begins at *moment* or later."""
        if self._blocks is None:
            self._asked = self._end = moment
            self._blocks = iter(self._source(moment, lambda: self._asked))
        early = itertools.takewhile(lambda block: block.captured < moment, self._kept)
        return self._dropped + sum(1 for _ in early)

    def read(self, place: int, moment: float) -> tuple[Sequence[Block], int]:
        """Return the blocks from *place* on that begin before *moment*, and the place of the next."""
        self._reach(moment)
        since = itertools.islice(self._kept, max(0, place - self._dropped), None)
        found = list(itertools.takewhile(lambda block: block.captured < moment, since))
        return found, max(place, self._dropped) + len(found)

    def _reach(self, moment: float) -> None:
        """Read on until the sound of *moment* is there, or there is no more."""
        assert self._blocks is not None  # who reads has a place
        self._asked = max(self._asked, moment)
        while not self._kept or _end(self._kept[-1]) < moment:
            block = next(self._blocks, None)
            if block is None:
                return
            self._note(block)
            self._kept.append(block)
            if self._kept[0].captured < block.captured - _KEPT:
                self._kept.popleft()
                self._dropped += 1


    def _note(self, block: Block) -> None:
        assert self._end is not None
        lost = block.captured - self._end
        if lost > HOLE or (block.gap and self._kept):
            self.missing += max(_LEAST, lost)
        self._end = _end(block)


def live(stream: Stream) -> Beside:
    """Return the sound beside the pictures of *stream*; CaptureError where it has none, or none any more."""

    def come(since: float, asked: Callable[[], float]) -> Iterator[Block]:
        recording = stream.recording()
        if not heard(recording):
            raise CaptureError(f"no sound from {recording}: its stream has none")
        yield from blocks(recording, since, lambda: asked() + stream.late + SILENCE)
        raise CaptureError(f"no sound from {recording} beside the picture, {SILENCE:g} s after it")

    return Beside(come)


def _end(block: Block) -> float:
    return block.captured + block.seconds
