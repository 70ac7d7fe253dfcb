"""Whether a run goes on: as its journal tells, its process where that is on this machine, and its files."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from pytest_virtualpytest import process
from virtualpytest_dashboard.journal import Journal

SILENT = 900  # seconds without news after which a run is told to be silent; for dead, where its process is not known
_STOPPED = "Tt"


@dataclass(frozen=True)
class Standing:
    """Whether a run is *live*, and a *word* where its process *pid* is ``stopped``, or ``silent``, since *news*.

    *hung* are the tests that run and should not any more.
    """

    live: bool = False
    word: str = ""
    pid: int = 0
    news: int = 0
    hung: frozenset[str] = frozenset()


def of(told: Journal, newest: float) -> Standing:
    """Return how a run stands that *told* so much, and whose newest file is of that time."""
    if not told.started or told.ended:
        return Standing()
    now, news = time.time(), max(newest, told.news / 1000)
    silent = now - news > SILENT
    state = _state(told.process)
    if state == "" or (state is None and silent):
        return Standing()
    word = "stopped" if state and state in _STOPPED else "silent" if silent else ""
    hung = frozenset(told.running) if word == "stopped" else told.overdue(round(now * 1000))
    pid = int(told.process["pid"]) if state else 0
    return Standing(True, word, pid, round(news * 1000), hung)


def _state(said: Mapping[str, object]) -> str | None:
    """Return the state of the process that is *said* to run, empty for one that has ended; None if it is not known."""
    pid, start = said.get("pid"), said.get("start")
    if not isinstance(pid, int) or not isinstance(start, str) or said.get("where") != process.here():
        return None
    state, began = process.status(pid)
    return state if began == start else ""
