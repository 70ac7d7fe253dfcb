"""What a test types at a device's console, and what it waits for there."""

from __future__ import annotations

import re

from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.link import Link
from pytest_virtualpytest.models import Line, Press, Sighting
from pytest_virtualpytest.timing import moment


class Console:
    """A line of text to the device and back, such as its serial port."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def write(self, text: str, *, secret: bool = False) -> Press:
        """Send *text* as it is, with the line's end that the device wants; a *secret* one is shown nowhere."""
        __tracebackhide__ = True
        shown = f"{len(text)} characters" if secret else repr(text)
        with self._link.step(f"write {shown}"):
            reply = self._link.call("console.write", {"shown": shown}, seconds=20, blobs=[text.encode()])
            return Press.from_wire(reply.value)

    def expect(
        self, pattern: str | re.Pattern[str], *, timeout: float | None = None, since: Press | Sighting | None = None
    ) -> Line:
        """Wait for *pattern* within a line, a text as it is or a regular expression, or raise NotSeen.

        It is looked for in what comes from now on, or from *since* on: a key or a text that was sent, or an earlier
        line, after which it must come.
        """
        __tracebackhide__ = True
        seconds = self._link.seconds(timeout)
        with self._link.step(f"expect {_shown(pattern)}", {"timeout": f"{seconds:g} s", "since": _name(since)}):
            args = expecting(pattern, seconds, since)
            return Line.from_wire(self._link.call("console.expect", args, seconds=seconds).value)


def expecting(pattern: str | re.Pattern[str], seconds: float, since: Press | Sighting | None) -> dict[str, object]:
    """Return the arguments of a call that waits for *pattern*."""
    return {**_wanted(pattern), "timeout": seconds, "since": _since(since)}


def _wanted(pattern: str | re.Pattern[str]) -> dict[str, object]:
    """Return *pattern* as the host compiles it."""
    if not isinstance(pattern, str):
        return {"pattern": pattern.pattern, "flags": pattern.flags, "shown": _shown(pattern)}
    if not pattern or "\n" in pattern:
        advice = "expect each line in turn, the next since the one before"
        raise VirtualPytestError(f"{pattern!r} is within no line; {advice}")
    return {"pattern": re.escape(pattern), "flags": 0, "shown": _shown(pattern)}


def _shown(pattern: str | re.Pattern[str]) -> str:
    return repr(pattern) if isinstance(pattern, str) else f"/{pattern.pattern}/"


def _since(since: Press | Sighting | None) -> dict[str, object] | None:
    if since is None:
        return None
    return since.to_wire() if isinstance(since, Line) else moment(since)


def _name(since: Press | Sighting | None) -> str | None:
    if since is None:
        return None
    return since.target if isinstance(since, Sighting) else since.key
