"""A sound among the members of a target: it is there in each frame up to which it has lasted so long."""

from __future__ import annotations

from collections import deque

from pytest_virtualpytest.targets import Heard
from virtualpytest_host.picture import Picture
from virtualpytest_host.sound.beside import HOLE, Beside
from virtualpytest_host.sound.listening import Listening
from virtualpytest_host.vision.verdict import Verdict


class Hears:
    """Listens from the first frame on that it is shown."""

    remembers = True

    def __init__(self, wanted: Heard, beside: Beside) -> None:
        self._wanted, self._beside = wanted, beside
        self._listening = Listening(wanted)
        self._place: int | None = None
        self._pending: deque[tuple[float, Verdict]] = deque()  # when each piece of sound ended, and what it says
        self._reached = 0.0
        self._said = Verdict(None, 0.0, 1.0, why="it is listened for from this frame on")
        self._last: Picture | None = None

    def see(self, picture: Picture) -> Verdict:
        """Judge the sound up to one frame; until enough was heard to tell, the answer is neither yes nor no."""
        if picture is not self._last:
            self._last = picture
            self._hear(picture.captured)
        if picture.captured - self._reached > HOLE:
            return Verdict(None, 0.0, 1.0, why="sound is missing up to this frame")
        return self._said

    def _hear(self, moment: float) -> None:
        if self._place is None:
            self._place, self._reached = self._beside.place(moment), moment
        blocks, self._place = self._beside.read(self._place, moment)
        for block in blocks:
            for piece, seen in self._listening.course(block):
                self._pending.append((piece.captured + piece.seconds, self._verdict(lasts=seen is not None)))
        while self._pending and self._pending[0][0] <= moment:
            self._reached, self._said = self._pending.popleft()

    def _verdict(self, *, lasts: bool) -> Verdict:
        score = round(min(1.0, self._listening.held / self._wanted.seconds), 4)
        if lasts:
            return Verdict(True, score, 1.0)
        return Verdict(False if self._listening.broken else None, score, 1.0, why=self._listening.why())
