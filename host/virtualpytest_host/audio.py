"""The checks of a device's sound, where it is captured."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from pytest_virtualpytest.exceptions import CaptureError, VirtualPytestError
from pytest_virtualpytest.models import Sighting
from pytest_virtualpytest.targets import heard_from_wire
from pytest_virtualpytest.wire import Reply
from virtualpytest_host import state
from virtualpytest_host.hands import Inputs
from virtualpytest_host.moments import moment
from virtualpytest_host.recording import Recording
from virtualpytest_host.sound import dropouts, level, offset
from virtualpytest_host.sound.attempt import Attempt
from virtualpytest_host.sound.blocks import blocks, heard
from virtualpytest_host.sound.watch import Watch
from virtualpytest_host.stream import Stream


class Audio:
    """What a device sounds like: each method is one call of a client."""

    def __init__(self, stream: Stream, inputs: Inputs) -> None:
        self._stream, self._inputs = stream, inputs
        self._watches: dict[int, Watch] = {}
        self._numbers = itertools.count(1)

    def level(self, seconds: float = 1.0) -> Reply:
        """Return the level of the newest *seconds*."""
        return Reply(asdict(level.measure(self._stream.recording(), seconds)))

    def dropouts(self, seconds: float, below: float, least: float) -> Reply:
        """Return the silences of *least* seconds and more within the sound of the newest *seconds*."""
        found = dropouts.of(self._stream.recording(), time.monotonic() - seconds, below, least)
        return Reply([asdict(one) for one in found])

    def offset(self, seconds: float) -> Reply:
        """Return how many seconds the beeps come later than the flashes, of *seconds* from now on."""
        begin = self._stream.now()
        end = begin + seconds
        recording = self._expect_sound(end)
        return Reply(asdict(offset.measure(recording, begin, end, self._stream.late)))

    def wait_for(
        self, target: dict[str, Any], timeout: float, since: Mapping[str, Any] | float | None = None
    ) -> Reply:
        """Return when *target* was first heard in what was captured within *timeout* seconds of *since*, or NotSeen."""
        wanted = heard_from_wire(target)
        begin = max(self._stream.now(), self._inputs.last) if since is None else moment(since)
        end = (begin if since is not None else time.monotonic()) + timeout
        recording = self._expect_sound(end)
        attempt = Attempt(wanted, begin, end, timeout)
        seen = attempt.made(blocks(recording, begin, lambda: end + self._stream.late))
        if seen is None:
            raise attempt.error()
        return Reply(self._told(seen).to_wire())

    def never_start(self, targets: list[dict[str, Any]]) -> Reply:
        """Begin to listen for *targets*."""
        wanted = [heard_from_wire(target) for target in targets]
        self._expect_sound(time.monotonic())
        number = next(self._numbers)
        self._watches[number] = Watch(self._stream.source, wanted, self._stream.now())
        return Reply({"id": number})

    def never_stop(self, id: int) -> Reply:  # noqa: A002  # the wire's word
        """Return how many seconds were listened to, or raise Seen, or what went wrong meanwhile."""
        watch = self._watches.pop(id, None)
        if watch is None:
            raise VirtualPytestError(f"no check {id} is going on: the device's process was started again")
        seconds, seen = watch.stop()
        if seen:
            raise watch.error(self._told(seen))
        return Reply({"seconds": seconds})

    def close(self) -> None:
        """Stop every check that goes on."""
        for watch in self._watches.values():
            watch.close()

    def _expect_sound(self, end: float) -> Recording:
        """Return the recording; CaptureError if the stream has no sound, once it is known which it has."""
        recording = self._stream.recording()
        recording.first(0, max(end, time.monotonic() + 1))
        if not heard(recording):
            raise CaptureError(f"no sound from {recording}: its stream has none")
        return recording

    def _told(self, seen: Sighting) -> Sighting:
        return replace(seen, boot=state.boot(), calibrated=self._stream.source.latency is not None)
