"""Subtests in the report: allure-pytest knows none of them, so each leaves a step when it ends."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_virtualpytest.run import Run


class Subtests:
    """The hook of one process that hears of each subtest."""

    def __init__(self, run: Run) -> None:
        self._run = run

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Show a subtest that has ended here as a step; those that ended in a worker were shown there."""
        context = getattr(report, "context", None)
        if context is None or hasattr(report, "node"):
            return
        values = ", ".join(f"{name}={value}" for name, value in context.kwargs.items())
        words = ["subtest", f"[{context.msg}]" if context.msg else "", f"({values})" if values else ""]
        title = " ".join(filter(None, [*words, "was skipped" if report.skipped else ""]))
        with contextlib.suppress(AssertionError), self._run.report.step(title, {}):
            if report.failed:
                raise AssertionError(_why(report))


def _why(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(getattr(crash, "message", "failed"))
