"""What a test hears of a device: each check is one call, judged on the host as the sound is captured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.link import Link
from pytest_virtualpytest.models import Dropout, Duration, Level, Press, Sighting
from pytest_virtualpytest.targets import Heard, to_wire
from pytest_virtualpytest.timing import moment


class Audio:
    """What a device sounds like."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def level(self, seconds: float = 1.0) -> Level:
        """Return the sound level of the newest *seconds*."""
        __tracebackhide__ = True
        with self._link.step("sound level", {"seconds": seconds}):
            told = self._link.call("audio.level", {"seconds": seconds}, seconds=seconds).value
            return Level(**{**told, "channels": tuple(told.get("channels", ()))})

    def wait_for(
        self, wanted: Heard, *, timeout: float | None = None, since: Press | Sighting | None = None
    ) -> Sighting:
        """Return when *wanted* began, or raise NotSeen after *timeout* seconds, times the lab's scale.

        Sound is judged from now on, or from *since* on, however long ago that was within the recording. *wanted*
        lasts as long as it says before it counts; `captured` is when it began.
        """
        __tracebackhide__ = True
        _check(wanted)
        seconds = self._link.seconds(timeout)
        with self._link.step(f"listen for {wanted}", {"timeout": f"{seconds:g} s"}):
            args = {"target": to_wire(wanted), "timeout": seconds, "since": moment(since) if since else None}
            return Sighting.from_wire(self._link.call("audio.wait_for", args, seconds=seconds).value)

    def offset(self, seconds: float = 6.0) -> Duration:
        """Return how much later the sound is than the picture, of a clip that flashes and beeps; earlier is below 0.

        The clip is watched for *seconds* from now on: at least three white flashes, each with a beep that begins
        with it and less than half as far from it as two flashes are from each other; else NotSeen.
        """
        __tracebackhide__ = True
        with self._link.step("offset of the sound", {"seconds": seconds}):
            return Duration(**self._link.call("audio.offset", {"seconds": seconds}, seconds=2 * seconds).value)

    @contextmanager
    def never(self, *wanted: Heard) -> Iterator[None]:
        """Listen while the block runs; raise Seen at its end if one of *wanted* was heard."""
        __tracebackhide__ = True
        if not wanted:
            raise VirtualPytestError("never() of nothing: it would always be true")
        for one in wanted:
            _check(one)
        with (
            self._link.step(f"never hear {', '.join(map(str, wanted))}"),
            self._link.judged("audio", [to_wire(one) for one in wanted]),
        ):
            yield

    def dropouts(self, seconds: float = 10.0, *, below: float = -60.0, least: float = 0.02) -> list[Dropout]:
        """Return the silences of *least* seconds or more, quieter than *below* dBFS, within the last *seconds*.

        Silence with which that time begins or ends is none: there is no sound on both sides of it.
        """
        __tracebackhide__ = True
        with self._link.step("dropouts", {"seconds": seconds, "below": below, "least": least}):
            args = {"seconds": seconds, "below": below, "least": least}
            return [Dropout(**one) for one in self._link.call("audio.dropouts", args, seconds=seconds).value]


def _check(wanted: Heard) -> None:
    if not isinstance(wanted, Heard):
        raise VirtualPytestError(f"{wanted!r} cannot be heard; write Silence(...), Sound(...) or Tone(...)")
