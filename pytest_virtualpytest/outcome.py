"""The run as a whole: its journal, whom its failures point at, and its exit code."""

from __future__ import annotations

import pytest

from pytest_virtualpytest import process
from pytest_virtualpytest.run import CAUSE, HUNG, Run

PROBLEMS = "virtualpytest_problems"
LAB_FAULTS = 10  # exit code of a run whose only failures are the lab's


class Outcomes:
    """The hooks of one process that see a run begin and end, and each report of it."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._faults: list[str] = []
        self._others = 0
        self._refused: list[str] = []

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Begin the run's journal, and say in its folder what it runs on."""
        run = self._run
        if run.folder and not run.is_worker and not session.config.option.collectonly:
            from pytest_virtualpytest import about

            try:
                about.write(run.folder, run.id, run.settings)
            except OSError as error:
                run.journal.missed(error)
            run.journal.note("run", data={**about.environment(run.settings), "process": process.own()})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count lab faults apart from other failures."""
        if report.failed:
            if getattr(report, CAUSE, "") == "lab":
                self._faults.append(report.nodeid)
            else:
                self._others += 1

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Count a file that cannot be collected as a failure."""
        self._others += report.failed

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: pytest.TestReport) -> None:
        """Note a test whose worker died."""
        hung = getattr(report, HUNG, {})
        self._run.journal.note("loss", test=crashitem, data={"message": str(report.longrepr), **hung})

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Take over what a worker found wrong with the tests that it collected."""
        self._refused = list(getattr(node, "workeroutput", {}).get(PROBLEMS, self._refused))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Tell a run whose only failures are the lab's by its exit code."""
        if self._refused:
            session.exitstatus = pytest.ExitCode.USAGE_ERROR
        elif exitstatus == pytest.ExitCode.TESTS_FAILED and self._faults and not self._others:
            session.exitstatus = LAB_FAULTS
        if not self._run.is_worker and not session.config.option.collectonly:
            self._run.journal.note("end", data={"exit": int(session.exitstatus)})

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was refused, and which failures are the lab's."""
        for problem in self._refused:
            terminalreporter.write_line(f"ERROR: {problem}", red=True)
        if self._faults:
            count = len(self._faults)
            alone = f"; nothing else failed: exit code {LAB_FAULTS}" if not self._others else ""
            terminalreporter.write_line(f"{count} lab fault{'s' if count > 1 else ''}, not the product{alone}")
