"""Listen in the background, for `audio.never`."""

from __future__ import annotations

import contextlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pytest_virtualpytest.capabilities import Source
from pytest_virtualpytest.exceptions import CaptureError, Seen
from pytest_virtualpytest.models import Sighting
from pytest_virtualpytest.targets import Heard
from virtualpytest_host.sound.blocks import Block, blocks
from virtualpytest_host.sound.listening import Listening
from virtualpytest_host.stream import HOLE, Stream

_END_SECONDS = 5.0


@dataclass(frozen=True)
class _Listened:
    """How much sound was heard, and what of it should never be."""

    seconds: float
    seen: Sighting | None = None


class Watch:
    """A thread that listens from *since* until it is stopped.

    It cannot vouch for what it has not heard: missing sound is a fault.
    """

    def __init__(self, source: Source, wanted: list[Heard], since: float) -> None:
        self._stream = Stream(source)
        self._ears = [Listening(one) for one in wanted]
        self._since, self._until = since, float("inf")
        self._thread = ThreadPoolExecutor(1, "never")
        self._verdict = self._thread.submit(self._watch)
        self._thread.shutdown(wait=False)

    def stop(self) -> tuple[float, Sighting | None]:
        """Listen to what was captured until now; return its seconds, and the sighting of what should never be heard."""
        self._until = time.monotonic()
        try:
            heard = self._verdict.result(_END_SECONDS + self._stream.late)
        except TimeoutError:
            self.close()
            raise CaptureError(f"sound comes faster than it can be judged: {_END_SECONDS:.0f} s behind") from None
        return heard.seconds, heard.seen

    def error(self, seen: Sighting) -> Seen:
        """Return what *seen* is once the check has ended."""
        ago = self._until - seen.captured
        message = f"{seen.target} was heard, {ago:.1f} s before the end; it must never be"
        return Seen(message, details={"sighting": seen.to_wire()})

    def close(self) -> None:
        """Stop without a verdict."""
        self._until = 0.0

    def _watch(self) -> _Listened:
        """Listen until a hit or the end."""
        seconds, reached = 0.0, self._since
        with contextlib.closing(self._stream):
            for block in blocks(self._stream.recording(), self._since, lambda: self._until + self._stream.late):
                if block.captured > self._until:
                    break
                if seen := self._hit(block):
                    return _Listened(seconds, seen)
                if block.captured - reached > HOLE or (block.gap and seconds > 0):
                    raise CaptureError("sound is missing in the middle of what should be judged throughout")
                seconds, reached = seconds + block.seconds, block.captured + block.seconds
        if not seconds or self._until - reached > HOLE:
            raise CaptureError(f"no sound was captured in the last {self._until - reached:.1f} s")
        return _Listened(seconds)

    def _hit(self, block: Block) -> Sighting | None:
        return next((seen for ear in self._ears if (seen := ear.hear(block))), None)
