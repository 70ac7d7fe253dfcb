"""What a check that listens has heard, and what it says if that was not enough."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_virtualpytest.exceptions import CaptureError, NotSeen, VirtualPytestError
from pytest_virtualpytest.models import Sighting
from pytest_virtualpytest.targets import Heard
from virtualpytest_host.sound.blocks import Block
from virtualpytest_host.sound.listening import Listening
from virtualpytest_host.stream import HOLE


class Attempt:
    """The sound captured from *begin* to *end*, listened to for *wanted*."""

    def __init__(self, wanted: Heard, begin: float, end: float, timeout: float) -> None:
        self._wanted, self._end, self._timeout = wanted, end, timeout
        self._listening = Listening(wanted)
        self._reached = begin
        self._missing = 0.0

    def made(self, blocks: Iterable[Block]) -> Sighting | None:
        """Return where it is first heard in *blocks*, or None."""
        for block in blocks:
            if block.captured > self._end:
                break
            self._note(block)
            if seen := self._listening.hear(block):
                return seen
        return None

    def error(self) -> VirtualPytestError:
        """Return why nothing was heard: NotSeen only where all of the sound was there."""
        head = f"{self._wanted} not heard within {self._timeout:g} s"
        if (late := self._end - self._reached) > HOLE:
            return CaptureError(f"{head}, but no sound came in the last {late:.1f} s")
        if self._missing:
            return CaptureError(f"{head}, but {self._missing:.1f} s of the sound are missing")
        return NotSeen(f"{head}: {self._listening.why()}")

    def _note(self, block: Block) -> None:
        absent = block.captured - self._reached
        if absent > HOLE or (block.gap and self._reached > 0):
            self._missing += max(0.1, absent)
        self._reached = max(self._reached, block.captured + block.seconds)
