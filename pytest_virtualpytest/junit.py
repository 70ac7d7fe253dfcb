"""The JUnit file has one case for each test, that of its last attempt, as Allure shows it.

pytest writes each attempt of a test that pytest-rerunfailures tries again as a case of its own: one that failed at
first would be there as two, of which neither says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator
from typing import Any

import pytest


class LastAttempts:
    """Takes a test's earlier attempts out of the JUnit file when it is tried again."""

    def __init__(self) -> None:
        self._again: set[str] = set()
        self._of_test: defaultdict[str, list[Any]] = defaultdict(list)
        self._cases: list[Any] | None = None

    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Find what writes the file, and the cases that it has."""
        plugins = session.config.pluginmanager.get_plugins()
        file = next((plugin for plugin in plugins if type(plugin).__name__ == "LogXML"), None)
        self._cases = getattr(file, "node_reporters_ordered", None)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None, None, None]:
        """Forget the attempts before the one that begins; one whose worker died has one report only."""
        cases, test = self._cases, report.nodeid
        if cases is None:
            return (yield)
        if test in self._again and report.when not in {"call", "teardown"}:
            earlier = {id(case) for case in self._of_test.pop(test, ())}
            cases[:] = [case for case in cases if id(case) not in earlier]
        if report.outcome == "rerun":  # type: ignore[comparison-overlap]  # a word of pytest-rerunfailures
            self._again.add(test)
        count = len(cases)
        yield
        self._of_test[test] += cases[count:]
