"""Where a test waits while its run is paused: before it begins, with no device of its own."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

from pytest_virtualpytest.pausing import Heed, Pause

if TYPE_CHECKING:
    from pytest_virtualpytest.run import Run

_LOOK = 0.2  # seconds


class Gate:
    """Holds each test of this process back while *run* is paused."""

    def __init__(self, run: Run) -> None:
        self._run, self._pause = run, Pause(run.folder)
        self._heed = Heed(self._pause, self._tell)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self) -> Generator[None, object, object]:
        """Wait until the run goes on."""
        while self._pause.asked:
            self._look()
            time.sleep(_LOOK)
        self._look()
        return (yield)

    def pytest_unconfigure(self) -> None:
        """Leave no pause to a later run in the same folder."""
        if not self._run.is_worker:
            self._pause.lift()

    def _look(self) -> None:
        if not self._run.is_worker:  # its controller tells
            self._heed.look()

    def _tell(self, word: str) -> None:
        kept = [device.name for device in self._run.holding.lending.devices]
        self._run.journal.note("paused" if word == "paused" else "resumed", data={"kept": kept})
        self._run.say(line(word, kept))


def line(word: str, kept: list[str]) -> str:
    """Return what a terminal shows of a pause, or of its end; *kept* are the devices that are not free meanwhile."""
    if word == "resumed":
        return "the run goes on"
    keeps = f"; fixtures of more than one test keep {', '.join(kept)}" if kept else ""
    return f"paused: no new test begins until `virtualpytest continue`{keeps}"
