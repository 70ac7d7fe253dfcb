"""Judge every frame in the background, for `screen.never`."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from pytest_virtualpytest import targets
from pytest_virtualpytest.capabilities import Source
from pytest_virtualpytest.exceptions import CaptureError, Seen
from pytest_virtualpytest.models import Sighting
from virtualpytest_host.attempt import Told
from virtualpytest_host.pace import Pace
from virtualpytest_host.picture import Picture
from virtualpytest_host.placeholder import refuse
from virtualpytest_host.sound import beside
from virtualpytest_host.stream import HOLE, Stream
from virtualpytest_host.vision.judge import Judge

_END_SECONDS = 5.0


@dataclass(frozen=True)
class Hit:
    """What should never show, and where it did."""

    seen: Sighting
    picture: Picture
    judge: Judge


def _pace(wanted: targets.Target, references: Callable[[str], bytes], stream: Stream) -> Pace:
    return Pace(wanted, Judge(wanted, references, beside.live(stream)), stream)


class Watch:
    """A thread with its own player; it judges every frame from *since* until it is stopped.

    It cannot vouch for what it has not seen: missing frames are a fault.
    """

    def __init__(
        self, source: Source, wanted: list[Mapping[str, Any]], references: Callable[[str], bytes], since: float
    ) -> None:
        self._stream = Stream(source)
        paces = [_pace(targets.from_wire(target), references, self._stream) for target in wanted]
        self._paces = sorted(paces, key=lambda pace: not pace.signal)  # they see what the others refuse
        self._since, self._until = since, float("inf")
        self._thread = ThreadPoolExecutor(1, "never")
        self._verdict = self._thread.submit(self._watch)
        self._thread.shutdown(wait=False)

    def stop(self, told: Told) -> int:
        """Judge what was captured until now, and return the number of frames; raise what was found."""
        self._until = time.monotonic()
        try:
            found = self._verdict.result(_END_SECONDS + self._stream.late)
        except TimeoutError:
            self.close()
            raise CaptureError(f"frames come faster than they can be judged: {_END_SECONDS:.0f} s behind") from None
        if isinstance(found, int):
            return found
        ago = self._until - found.seen.captured
        message = f"{found.seen.target} was seen, {ago:.1f} s before the end; it must never show"
        drawn = {"annotated": found.judge.annotated(found.picture, found.seen), "frame": found.picture.png()}
        raise Seen(message, details={"sighting": told(found.seen, found.picture).to_wire()}, pictures=drawn)

    def close(self) -> None:
        """Stop without a verdict."""
        self._until = 0.0

    def _watch(self) -> int | Hit:
        """Judge until a hit or the end; return it, or the number of frames."""
        frames, reached = 0, self._since
        with contextlib.closing(self._stream):
            for picture in self._stream.frames(self._since, lambda: self._until + self._stream.late):
                lost, reached = picture.gap and frames > 0, picture.captured
                if reached > self._until:
                    break
                if hit := self._hit(picture):
                    return hit
                if lost or any(pace.judge.missing for pace in self._paces):
                    what = "frames are" if lost else "sound is"
                    raise CaptureError(f"{what} missing in the middle of what should be judged throughout")
                frames += 1
        if not frames or self._until - reached > HOLE:
            raise CaptureError(f"no frame was captured in the last {self._until - reached:.1f} s")
        return self._hit(None) or frames

    def _hit(self, picture: Picture | None) -> Hit | None:
        """Return what should never show and does, in *picture*, or in the last one where that was left out."""
        for pace in self._paces:
            if picture and not pace.signal:
                refuse(picture)
            seen = pace.see(picture) if picture else pace.rest()
            if seen and seen[0]:
                return Hit(*seen, pace.judge)
        return None
