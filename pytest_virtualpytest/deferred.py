"""What is torn down after the end of the test that used it last: an error of it is that test's."""

from __future__ import annotations

from collections.abc import Callable

import pytest


def tear_down(item: pytest.Item, action: Callable[[], object]) -> None:
    """Do *action*; report its error as one of *item*'s teardown."""
    stops = (KeyboardInterrupt, pytest.exit.Exception)
    call = pytest.CallInfo.from_call(action, when="teardown", reraise=stops)
    if call.excinfo is not None:
        report = item.ihook.pytest_runtest_makereport(item=item, call=call)
        item.ihook.pytest_runtest_logreport(report=report)
