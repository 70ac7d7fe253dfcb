"""How the tests of a run end: evidence, whom a failure points at, the run's journal and exit code."""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import asdict

import pytest

from pytest_virtualpytest import evidence, provisioning
from pytest_virtualpytest.exceptions import LabFault
from pytest_virtualpytest.run import MEASURED, Run

PROBLEMS = "virtualpytest_problems"
LAB_FAULTS = 10  # exit code of a run whose only failures are the lab's
_BEGUN = pytest.StashKey[float]()
_ENDED = pytest.StashKey["dict[str, str]"]()
_CAUSE = "virtualpytest_cause"


class Outcomes:
    """The hooks of one process that see tests run and end."""

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

            about.write(run.folder, run.id, run.settings)
            run.journal.note("run", data=about.environment(run.settings))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Note the start of each test, and its end."""
        item.stash[_BEGUN], item.stash[_ENDED] = time.monotonic(), {}
        item.stash[MEASURED] = []
        self._run.journal.note("start", test=item.nodeid)
        result = yield
        self._run.journal.note("verdict", test=item.nodeid, data=self._verdict(item))
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        """Begin with the devices that the test shares with others."""
        yield
        for device in self._run.holding.shared(item):
            self._run.holding.begin(item, device)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Keep the evidence while the devices are still held, and note whom a failure points at."""
        report = yield
        ended = item.stash.get(_ENDED, {})
        ended[report.when] = report.outcome
        if call.excinfo is not None and report.failed:
            ended["cause"] = _cause(call.excinfo.value)
            ended["message"] = call.excinfo.exconly()[:2000]
            setattr(report, _CAUSE, ended["cause"])
        self._keep(item, call, report)
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count lab faults apart from other failures."""
        if report.failed:
            if getattr(report, _CAUSE, "") == "lab":
                self._faults.append(report.nodeid)
            else:
                self._others += 1

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Count a file that cannot be collected as a failure."""
        self._others += report.failed

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str, report: pytest.TestReport) -> None:
        """Note a test whose worker died."""
        self._run.journal.note("loss", test=crashitem, data={"message": str(report.longrepr)})

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

    def _keep(self, item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
        """Attach what is to be kept of this phase of the test."""
        wanted = item.config.getoption("vpt_evidence")
        failed = report.failed and report.when != "teardown"
        if wanted == "never" or not (failed or (wanted == "always" and report.when == "call")):
            return
        devices = self._run.holding.held(item)
        known = evidence.of_error(self._run.report, call.excinfo.value) if failed and call.excinfo else set()
        for device in devices:
            alone = len(devices) == 1
            begun = self._run.holding.begun.get(device.name, 0.0)
            evidence.of_device(self._run.report, device, begun, known=known if alone else set(), alone=alone)
            item.config.hook.pytest_virtualpytest_evidence(item=item, device=device, attach=self._run.report.attach)

    def _verdict(self, item: pytest.Item) -> dict[str, object]:
        ended = item.stash[_ENDED]
        phases = [ended[when] for when in ("setup", "call", "teardown") if when in ended]
        outcome = next((word for word in ("failed", "skipped") if word in phases), "passed" if phases else "broken")
        kept = [asdict(made) for made in item.stash[MEASURED]]
        provision = {"provision": round(spent, 3)} if (spent := provisioning.spent(item)) else {}
        return {
            **provision,
            "outcome": outcome, "duration": round(time.monotonic() - item.stash[_BEGUN], 3),
            "cause": ended.get("cause", ""), "message": ended.get("message", ""), "measurements": kept,
        }  # fmt: skip


def _cause(error: BaseException) -> str:
    """Return whom *error* points at: the lab, the product, or the test itself."""
    if isinstance(error, LabFault):
        return "lab"
    return "product" if isinstance(error, (AssertionError, pytest.fail.Exception)) else "test"
