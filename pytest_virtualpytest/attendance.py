"""Which tests have something to be done around them: a run that has none such is left as fast as it was."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from pytest_virtualpytest import collection
from pytest_virtualpytest.run import Run

_FIXTURES = {"lab", "measure"}


class Attendance:
    """Registers what sees each test begin and end, once a test is collected that has a use for it."""

    def __init__(self, run: Run) -> None:
        self._run = run

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Attend to the tests if results are kept of them, or if one of them needs it."""
        run = self._run
        if run.folder or run.deadline() is not None or _concerned(session.items):
            run.attend()


def attend(run: Run) -> None:
    """Register all that is to be done around each test of *run*."""
    from pytest_virtualpytest.crashes import Crashes
    from pytest_virtualpytest.deadlines import Deadlines
    from pytest_virtualpytest.endings import Endings
    from pytest_virtualpytest.subtests import Subtests
    from pytest_virtualpytest.tally import Marks, Tally

    register = run.config.pluginmanager.register
    deadlines = Deadlines(run.deadline, lambda seconds: run.tell("overdue", seconds), may_end=run.is_worker)
    register(Endings(run), "virtualpytest-endings")
    register(Crashes(run), "virtualpytest-crashes")
    register(Subtests(run), "virtualpytest-subtests")
    register(run.holding.lending, "virtualpytest-lending")
    register(deadlines, "virtualpytest-deadlines")
    register(Marks(run), "virtualpytest-marks")
    if not run.is_worker:
        register(Tally(), "virtualpytest-tally")
        if not run.config.getoption("tx", None):
            from pytest_virtualpytest.distribution.history import Learning

            register(Learning(), "virtualpytest-learning")


def _concerned(items: Iterable[pytest.Item]) -> bool:
    """Tell whether one of *items* needs a device, or may ask for one, or has a deadline or figures of its own."""
    return any(
        collection.asks(item) or "deadline" in item.keywords or not _FIXTURES.isdisjoint(_fixtures(item))
        for item in items
    )


def _fixtures(item: pytest.Item) -> Iterable[str]:
    return getattr(item, "fixturenames", ())
