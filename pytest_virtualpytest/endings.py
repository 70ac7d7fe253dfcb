"""How each test of a process ends: its evidence, whom its failure points at, its lines in the run's journal."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import pytest

from pytest_virtualpytest import deadlines, evidence, provisioning
from pytest_virtualpytest.exceptions import LabFault, UnknownName
from pytest_virtualpytest.run import CAUSE, MEASURED, Run

if TYPE_CHECKING:
    from pytest_virtualpytest.device import Device

_BEGUN = pytest.StashKey[float]()
_ENDED = pytest.StashKey["dict[str, str]"]()


class Endings:
    """The hooks of one process that see each test begin and end."""

    def __init__(self, run: Run) -> None:
        self._run = run

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Note the start of each test, and its end."""
        item.stash[_BEGUN], item.stash[_ENDED] = time.monotonic(), {}
        item.stash[MEASURED] = []
        deadline = deadlines.seconds(item, self._run.deadline)
        self._run.journal.note("start", test=item.nodeid, data={"deadline": deadline} if deadline else {})
        result = yield
        if self._run.folder:
            self._run.journal.note("verdict", test=item.nodeid, data=_verdict(item))
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        """Begin with the devices that the test shares with others."""
        try:
            yield
        finally:
            self._run.holding.leave(item)
        for device in self._run.holding.shared(item):
            self._run.holding.begin(item, device)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, None, None]:
        """Undo what the test has done for its rest to devices that are kept for the next one."""
        shared = self._run.holding.shared(item)
        yield
        for device in shared:
            if device.link.token is not None:
                device.settle()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Keep the evidence while the devices are still held, and note whom a failure points at."""
        report = yield
        ended = item.stash.get(_ENDED, {})
        if report.when == "setup":
            ended.clear()  # of an attempt before
        if ended.get(report.when) != "failed":  # as a subtest may have
            ended[report.when] = report.outcome
        if call.excinfo is not None and report.failed:
            setattr(report, CAUSE, _cause(call.excinfo.value, self._run.holding.held(item)))
            self._blame(ended, getattr(report, CAUSE), call.excinfo.exconly())
        self._keep(item, call, report)
        return report

    def _blame(self, ended: dict[str, str], cause: str, message: str) -> None:
        """Note the first failure of a test, and label the test with whom it points at."""
        if "cause" not in ended:
            ended.update(cause=cause, message=message[:2000])
            self._run.report.label("cause", cause)

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


def _verdict(item: pytest.Item) -> dict[str, object]:
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


def _cause(error: BaseException, devices: Sequence[Device]) -> str:
    """Return whom *error* points at: the lab, the product, or the test itself.

    A plain assertion says nothing of *devices* that the test had asked for nothing.
    """
    if isinstance(error, LabFault):
        return "test" if isinstance(error, UnknownName) else "lab"
    if type(error) is AssertionError and devices and not any(device.link.asked for device in devices):
        return "test"
    return "product" if isinstance(error, (AssertionError, pytest.fail.Exception)) else "test"
