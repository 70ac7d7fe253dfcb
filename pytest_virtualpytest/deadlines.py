"""Each test's deadline: a test past it is interrupted, so that its evidence is kept; one that cannot be is ended.

``@pytest.mark.deadline(seconds)``, else the campaign's, else the lab's ``deadline``. The main thread is interrupted by
SIGUSR2, which also ends a sleep or a wait for an answer.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from types import FrameType

import pytest

from pytest_virtualpytest.exceptions import Overdue

GRACE = 10.0  # seconds for the test to end, and its evidence to be kept, once it has been interrupted
HUNG = 70  # exit code of a worker whose test could not be interrupted


@dataclass(frozen=True)
class _Watched:
    seconds: float
    what: str


class Deadlines:
    """Watches over the tests of one process; *default* gives the deadline of tests that name none.

    *abandon* is told the seconds of a test that cannot be interrupted; then this process ends, if *may_end* says so.
    """

    def __init__(
        self, default: Callable[[], float | None], abandon: Callable[[float], object], *, may_end: bool
    ) -> None:
        self._default, self._abandon, self._may_end = default, abandon, may_end
        self._main = threading.main_thread().ident
        self._timers: list[threading.Timer] = []
        self._watched: _Watched | None = None
        self._passed = _Watched(0.0, "")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Interrupt *item* at its deadline."""
        limit = seconds(item, self._default)
        if limit is None:
            return (yield)
        with self.watch(limit, "the test"):
            return (yield)

    @contextlib.contextmanager
    def watch(self, seconds: float, what: str) -> Iterator[None]:
        """Interrupt what is done within after *seconds*; a watch around it begins anew afterwards."""
        outer = self._watched
        if outer is None and signal.getsignal(signal.SIGUSR2) is not signal.SIG_DFL:
            yield
            return
        self._begin(_Watched(seconds, what))
        try:
            yield
        finally:
            self._begin(outer)

    def _begin(self, watched: _Watched | None) -> None:
        """Watch over *watched* instead of what was watched before."""
        for timer in self._timers:
            timer.cancel()
        self._timers, self._watched = [], watched
        signal.signal(signal.SIGUSR2, self._raise if watched else signal.SIG_DFL)
        if watched is None:
            return
        self._timers = [threading.Timer(watched.seconds, self._interrupt, (watched,))]
        if self._may_end:
            self._timers.append(threading.Timer(watched.seconds + GRACE, self._end, (watched,)))
        for timer in self._timers:
            timer.daemon = True
            timer.start()

    def _interrupt(self, watched: _Watched) -> None:
        self._passed = watched
        assert self._main is not None
        signal.pthread_kill(self._main, signal.SIGUSR2)

    def _raise(self, _number: int, _frame: FrameType | None) -> None:
        __tracebackhide__ = True
        raise Overdue(f"{self._passed.what} passed its deadline of {self._passed.seconds:g} s")

    def _end(self, watched: _Watched) -> None:
        self._abandon(watched.seconds)
        os._exit(HUNG)


def seconds(item: pytest.Item, default: Callable[[], float | None]) -> float | None:
    """Return the deadline of *item*, None where it has none."""
    mark = item.get_closest_marker("deadline")
    if mark is None:
        return default()
    value = mark.args[0] if mark.args else mark.kwargs.get("seconds")
    if not isinstance(value, (int, float)) or value <= 0:
        raise pytest.UsageError(f"{item.nodeid}: marker `deadline` wants a number of seconds above 0, not {value!r}")
    return float(value)
