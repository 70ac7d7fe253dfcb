"""Each test's deadline: a test past it is interrupted, so that its evidence is kept; one that cannot be is ended.

``@pytest.mark.deadline(seconds)``, else the campaign's, else the lab's ``deadline``. The main thread is interrupted by
SIGUSR2, which also ends a sleep or a wait for an answer.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Generator
from types import FrameType

import pytest

from pytest_virtualpytest.exceptions import Overdue

GRACE = 10.0  # seconds for the test to end, and its evidence to be kept, once it has been interrupted
HUNG = 70  # exit code of a worker whose test could not be interrupted


class Deadlines:
    """Watches over the tests of one process; *default* gives the deadline of tests that name none.

    *abandon* is told the seconds of a test that cannot be interrupted; then this process ends, if *may_end* says so.
    """

    def __init__(
        self, default: Callable[[], float | None], abandon: Callable[[float], object], *, may_end: bool
    ) -> None:
        self._default, self._abandon, self._may_end = default, abandon, may_end
        self._main = threading.main_thread().ident
        self._passed = 0.0

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Interrupt *item* at its deadline."""
        seconds = _seconds(item, self._default)
        if seconds is None or signal.getsignal(signal.SIGUSR2) is not signal.SIG_DFL:
            return (yield)
        signal.signal(signal.SIGUSR2, self._raise)
        timers = [threading.Timer(seconds, self._interrupt, (seconds,))]
        timers += [threading.Timer(seconds + GRACE, self._end, (seconds,))] if self._may_end else []
        for timer in timers:
            timer.daemon = True
            timer.start()
        try:
            return (yield)
        finally:
            for timer in timers:
                timer.cancel()
            signal.signal(signal.SIGUSR2, signal.SIG_DFL)

    def _interrupt(self, seconds: float) -> None:
        self._passed = seconds
        assert self._main is not None
        signal.pthread_kill(self._main, signal.SIGUSR2)

    def _raise(self, _number: int, _frame: FrameType | None) -> None:
        __tracebackhide__ = True
        raise Overdue(f"the test passed its deadline of {self._passed:g} s")

    def _end(self, seconds: float) -> None:
        self._abandon(seconds)
        os._exit(HUNG)


def _seconds(item: pytest.Item, default: Callable[[], float | None]) -> float | None:
    mark = item.get_closest_marker("deadline")
    if mark is None:
        return default()
    value = mark.args[0] if mark.args else mark.kwargs.get("seconds")
    if not isinstance(value, (int, float)) or value <= 0:
        raise pytest.UsageError(f"{item.nodeid}: marker `deadline` wants a number of seconds above 0, not {value!r}")
    return float(value)
