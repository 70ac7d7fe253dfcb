"""``--vpt-update-references``: a reference that was not found has a candidate cut, for a person to accept."""

from __future__ import annotations

import time
from collections.abc import Generator
from pathlib import Path

import pytest

from pytest_virtualpytest import looking
from pytest_virtualpytest.candidates import Candidate
from pytest_virtualpytest.exceptions import NotSeen

_WRITTEN = "virtualpytest_candidate"  # in the report of a failed phase: the reference that one was cut for


class Updates:
    """Writes candidates where tests fail, and lists them in the end."""

    def __init__(self) -> None:
        self._written: list[str] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Cut a candidate for what a failed check looked for."""
        report = yield
        error = call.excinfo.value if call.excinfo else None
        proposes = report.failed and isinstance(error, NotSeen) and "nearest" in error.pictures
        if proposes and (path := _kept(error, item.nodeid)):
            setattr(report, _WRITTEN, str(path))
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take note of what was written, here or by a worker."""
        if path := getattr(report, _WRITTEN, ""):
            self._written.append(path)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what is to be accepted or rejected."""
        if self._written:
            terminalreporter.section("candidates for references")
            for path in dict.fromkeys(self._written):
                terminalreporter.write_line(path)
            terminalreporter.write_line("none is used yet: look at them, then `virtualpytest references --accept NAME`")


def _kept(error: BaseException | None, test: str) -> Path | None:
    """Write the candidate of *error*, and return the reference; None where there was a nearer one."""
    assert isinstance(error, NotSeen)
    near = error.details["nearest"]
    assert isinstance(near, dict)
    reference = looking.path_of(near["sha"])
    candidate = Candidate(
        reference, near["sha"], near["score"], near["threshold"], tuple(near["region"]), test, time.time()
    )
    return reference if candidate.write(error.pictures["nearest"]) else None
