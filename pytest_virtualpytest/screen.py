"""What a test sees of a device: each check is one call, judged on the host as frames are captured."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pytest_virtualpytest import targets
from pytest_virtualpytest.link import Link
from pytest_virtualpytest.looking import Area, Looking
from pytest_virtualpytest.models import Clip, Frame, Press, Sighting
from pytest_virtualpytest.reading import Reads
from pytest_virtualpytest.targets import Frozen, Target
from pytest_virtualpytest.timing import Times, moment


class Recording:
    """A clip that is being made; *clip* is there once the `with` block has ended."""

    clip: Clip


class Screen(Reads, Times):
    """The device's picture."""

    def __init__(self, link: Link, looking: Looking) -> None:
        self._link, self._looking = link, looking
        self._at = {}

    def still(self, seen: Sighting | None = None) -> Screen:
        """Return the screen as it is now, or in the frame of *seen*: finding and reading there judge that frame alone.

        It lasts as long as the recording does; later, asking is a CaptureError.
        """
        __tracebackhide__ = True
        found = Screen(self._link, self._looking)
        captured = seen.captured if seen else self._link.call("screen.hold").value["captured"]
        found._at = {"at": captured}  # one of our own
        return found

    def frame(self) -> Frame:
        """Return the newest frame captured after the device's last input."""
        __tracebackhide__ = True
        with self._link.step("frame"):
            reply = self._link.call("screen.frame")
            return Frame(png=bytes(reply.blobs[0]), **reply.value)

    def find(self, target: Target | str, *, region: Area = None) -> Sighting:
        """Return whether *target* is there now: a sighting, true or false."""
        __tracebackhide__ = True
        wanted = self._looking.resolved(target, region)
        with self._link.step(f"find {wanted}", {"target": wanted, "region": region}):
            args = {"target": self._looking.shipped(wanted), **self._at}
            reply = self._link.call("screen.find", args, seconds=targets.memory(wanted))
            return Sighting.from_wire(reply.value)

    def find_all(self, target: Target | str, *, region: Area = None) -> list[Sighting]:
        """Return every place where *target* is now."""
        __tracebackhide__ = True
        wanted = self._looking.resolved(target, region)
        with self._link.step(f"find all {wanted}", {"target": wanted, "region": region}):
            reply = self._link.call("screen.find_all", {"target": self._looking.shipped(wanted), **self._at})
            return [Sighting.from_wire(one) for one in reply.value]

    def wait_for(
        self,
        target: Target | str,
        *,
        timeout: float | None = None,
        since: Press | Sighting | None = None,
        region: Area = None,
        beside: Path | None = None,
    ) -> Sighting:
        """Return the first sighting of *target*, or raise NotSeen after *timeout* seconds, times the lab's scale.

        Frames are judged from now on, or from *since* on, however long ago that was within the recording.
        Pictures are looked up beside the calling file, or *beside* another one.
        """
        __tracebackhide__ = True
        seconds = self._link.seconds(timeout)
        wanted = self._looking.resolved(target, region, beside)
        values = {"target": wanted, "timeout": f"{seconds:g} s", "since": _name(since), "region": region}
        with self._link.step(f"wait for {wanted}", values):
            args = {
                "target": self._looking.shipped(wanted),
                "timeout": seconds,
                "since": moment(since) if since else None,
            }
            return Sighting.from_wire(self._link.call("screen.wait_for", args, seconds=seconds).value)

    def stable(
        self,
        seconds: float = 1.0,
        *,
        timeout: float | None = None,
        since: Press | Sighting | None = None,
        region: Area = None,
    ) -> Sighting:
        """Return the sighting of a picture that has not changed for *seconds*, or raise NotSeen."""
        __tracebackhide__ = True
        return self.wait_for(Frozen(seconds), timeout=timeout, since=since, region=region)

    @contextmanager
    def never(self, *targets: Target | str) -> Iterator[None]:
        """Judge every frame while the block runs; raise Seen at its end if one of *targets* was seen."""
        __tracebackhide__ = True
        wanted = [self._looking.resolved(target) for target in targets]
        with (
            self._link.step(f"never {', '.join(map(str, wanted))}"),
            self._link.judged("screen", [self._looking.shipped(target) for target in wanted]),
        ):
            yield

    @contextmanager
    def record(self, name: str = "recording") -> Iterator[Recording]:
        """Keep what the screen shows while the block runs, under *name* in the report."""
        __tracebackhide__ = True
        recording = Recording()
        with self._link.step(f"record {name}"):
            number = self._link.call("screen.record_start").value["id"]
            try:
                yield recording
            finally:
                recording.clip = self._clip("screen.record_stop", {"id": number})
                self._link.report.attach(name, recording.clip.mp4, "mp4")

    def clip(self, seconds: float = 10.0) -> Clip:
        """Return the last *seconds* of the screen."""
        __tracebackhide__ = True
        with self._link.step("clip", {"seconds": seconds}):
            return self._clip("screen.clip", {"seconds": seconds})

    def _clip(self, method: str, args: dict[str, Any]) -> Clip:
        __tracebackhide__ = True
        reply = self._link.call(method, args)
        return Clip(mp4=bytes(reply.blobs[0]), **reply.value)


def _name(since: Press | Sighting | None) -> str | None:
    if since is None:
        return None
    return since.target if isinstance(since, Sighting) else since.key
