"""The checks of a device's sound, where it is captured."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from pytest_virtualpytest import targets
from pytest_virtualpytest.exceptions import CaptureError, NotSeen
from pytest_virtualpytest.models import Sighting
from pytest_virtualpytest.wire import Reply
from virtualpytest_host import state
from virtualpytest_host.hands import Inputs, moment
from virtualpytest_host.sound import dropouts, level
from virtualpytest_host.sound.blocks import blocks, heard
from virtualpytest_host.sound.listening import Listening
from virtualpytest_host.stream import HOLE, Stream


class Audio:
    """What a device sounds like: each method is one call of a client."""

    def __init__(self, stream: Stream, inputs: Inputs) -> None:
        self._stream, self._inputs = stream, inputs

    def level(self, seconds: float = 1.0) -> Reply:
        """Return the level of the newest *seconds*."""
        return Reply(asdict(level.measure(self._stream.recording(), seconds)))

    def dropouts(self, seconds: float, below: float, least: float) -> Reply:
        """Return the silences of *least* seconds and more within the sound of the newest *seconds*."""
        found = dropouts.of(self._stream.recording(), time.monotonic() - seconds, below, least)
        return Reply([asdict(one) for one in found])

    def wait_for(
        self, target: dict[str, Any], timeout: float, since: Mapping[str, Any] | float | None = None
    ) -> Reply:
        """Return when *target* was first heard in what was captured within *timeout* seconds of *since*, or NotSeen."""
        wanted, recording = targets.heard_from_wire(target), self._stream.recording()
        begin = max(self._stream.now(), self._inputs.last) if since is None else moment(since)
        end = (begin if since is not None else time.monotonic()) + timeout
        self._expect_sound(end)
        listening, reached = Listening(wanted), begin
        for block in blocks(recording, begin, end + self._stream.late):
            reached = block.captured + block.seconds
            if block.captured > end:
                break
            if seen := listening.hear(block):
                return Reply(self._told(seen).to_wire())
        if (missing := end - reached) > HOLE:
            raise CaptureError(f"{wanted} not heard within {timeout:g} s, but none came in the last {missing:.1f} s")
        raise NotSeen(f"{wanted} not heard within {timeout:g} s: {listening.why()}")

    def _expect_sound(self, end: float) -> None:
        """Raise CaptureError if the stream has no sound, once it is known which it has."""
        recording = self._stream.recording()
        recording.first(0, max(end, time.monotonic() + 1))
        if not heard(recording):
            raise CaptureError(f"no sound from {recording}: its stream has none")

    def _told(self, seen: Sighting) -> Sighting:
        return replace(seen, boot=state.boot(), calibrated=self._stream.source.latency is not None)
