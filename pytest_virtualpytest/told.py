"""A report that also tells each step to somebody else, who still knows of it when this process has died."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from pytest_virtualpytest.report import Report


class Told:
    """What *report* does, and each step to *tell*."""

    def __init__(self, report: Report, tell: Callable[..., None]) -> None:
        self._report, self._tell = report, tell
        self.attach, self.label, self.parameter = report.attach, report.label, report.parameter

    @contextmanager
    def step(self, title: str, values: Mapping[str, object]) -> Iterator[None]:
        """Show what happens within as one step, and tell of it."""
        __tracebackhide__ = True
        self._tell("step", title)
        status = "broken"
        try:
            with self._report.step(title, values):
                yield
                status = "passed"
        except AssertionError:
            status = "failed"
            raise
        finally:
            self._tell("stepped", status)
