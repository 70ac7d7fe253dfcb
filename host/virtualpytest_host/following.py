"""What is printed bit by bit: by a serial port, or by a command that goes on, until it is stopped."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterable

from pytest_virtualpytest.exceptions import DeviceError
from pytest_virtualpytest.models import Line
from virtualpytest_host import state
from virtualpytest_host.transcript import Place, Transcript

_ERROR = 0.02  # seconds: what has come is handed over by adapters and networks in pieces


def expected(transcript: Transcript, pattern: re.Pattern[str], since: float | Line, seconds: float) -> Line | None:
    """Return the line of *transcript* in which *pattern* came first, None if not within *seconds*."""
    found = transcript.wait_for(pattern, _start(transcript, since), time.monotonic() + seconds)
    if found is None:
        return None
    return Line(
        True, pattern.pattern, found.at, _ERROR, found.at, transcript.number, _ERROR, state.boot(),
        text=found.text, groups=found.groups, end=found.end,
    )  # fmt: skip


def _start(transcript: Transcript, since: float | Line) -> float | Place:
    if isinstance(since, Line):
        return Place(*since.end) if since.stream == transcript.number else since.captured
    return since


class Following:
    """The command *name*, which prints *pieces* until *stop* is called, or it ends by itself."""

    def __init__(self, name: str, pieces: Iterable[bytes], stop: Callable[[], None]) -> None:
        self._name, self._pieces, self._stop = name, pieces, stop
        self._transcript, self._failure, self._stopped = Transcript(), "", False
        self._thread = threading.Thread(target=self._read, daemon=True, name=f"what {name} prints")
        self._thread.start()

    @property
    def ended(self) -> bool:
        """Whether it has ended, and all that it printed has come."""
        return not self._thread.is_alive()

    def since(self, moment: float, /) -> str:
        """Return the lines from *moment* of this host's CLOCK_MONOTONIC on, each with its time on it."""
        return self._transcript.since(moment)

    def expect(self, pattern: re.Pattern[str], since: float | Line, seconds: float, /) -> Line | None:
        """Return the line in which *pattern* came first, None if not within *seconds*; DeviceError if it was lost."""
        found = expected(self._transcript, pattern, since, seconds)
        if found is None and self._failure:
            raise DeviceError(f"{self._name} was lost: {self._failure}")
        return found

    def close(self) -> None:
        """End it."""
        self._stopped = True
        self._stop()
        self._thread.join(1.0)

    def _read(self) -> None:
        try:
            for piece in self._pieces:
                self._transcript.add(piece, time.monotonic())
        except DeviceError as error:
            self._failure = "" if self._stopped else error.message
        self._transcript.note(f"it ended{f': {self._failure}' if self._failure else ''}", time.monotonic())
