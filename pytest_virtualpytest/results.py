"""The Allure results of a run: a file that cannot be written, as on a full disk, is told, and the run goes on.

allure-pytest's own writer raises into the test, or ends the run with an internal error.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING

import allure_commons
import pytest

if TYPE_CHECKING:
    from pytest_virtualpytest.run import Run

UNWRITTEN = "virtualpytest_unwritten"


class _Guard:
    """Stands around allure-pytest's writer; *lost* is told what cannot be written."""

    def __init__(self, lost: Callable[[OSError], None]) -> None:
        self._lost = lost

    @allure_commons.hookimpl(wrapper=True)
    def report_result(self) -> Generator[None, object, object]:
        """Guard the result of a test."""
        return (yield from self._told())

    @allure_commons.hookimpl(wrapper=True)
    def report_container(self) -> Generator[None, object, object]:
        """Guard what fixtures have done."""
        return (yield from self._told())

    @allure_commons.hookimpl(wrapper=True)
    def report_globals(self) -> Generator[None, object, object]:
        """Guard what belongs to the whole run."""
        return (yield from self._told())

    @allure_commons.hookimpl(wrapper=True)
    def report_attached_data(self) -> Generator[None, object, object]:
        """Guard an attachment."""
        return (yield from self._told())

    @allure_commons.hookimpl(wrapper=True)
    def report_attached_file(self) -> Generator[None, object, object]:
        """Guard a file that is attached."""
        return (yield from self._told())

    def _told(self) -> Generator[None, object, object]:
        try:
            return (yield)
        except OSError as error:
            self._lost(error)
            return None


class Results:
    """Counts what of the results in *folder* could not be written, in all processes of *run*."""

    def __init__(self, run: Run, folder: Path) -> None:
        self._run, self._folder = run, folder
        self._count = 0
        self._why: list[str] = []

    def lost(self, error: OSError) -> None:
        """Take note that something is not there; each sort of trouble is told at once, the first time."""
        self._add(1, [error.strerror or str(error)], say=True)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Guard the writer until the run is over."""
        guard, manager = _Guard(self.lost), allure_commons.plugin_manager
        manager.register(guard)
        session.config.add_cleanup(lambda: manager.unregister(guard))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand over what a worker has counted."""
        output = getattr(session.config, "workeroutput", None)
        if output is not None and self._count:
            output[UNWRITTEN] = [self._count, self._why]

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Take over what a worker has counted."""
        if (told := getattr(node, "workeroutput", {}).get(UNWRITTEN)) is not None:
            self._add(*told, say=False)

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what is missing."""
        if self._count:
            line = f"{self._count} files of the results are missing: {self._words()}; the verdicts here are complete"
            terminalreporter.write_line(line, red=True)

    def _add(self, count: int, why: list[str], *, say: bool) -> None:
        self._count += count
        for word in why:
            if word not in self._why:
                self._why.append(word)
                if say:
                    self._run.say(f"results are lost: cannot write into {self._folder}: {word}")

    def _words(self) -> str:
        return f"cannot write into {self._folder}: {'; '.join(self._why)}"
