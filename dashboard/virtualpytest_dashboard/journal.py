"""The run journal, ``virtualpytest-run.jsonl``: what was planned, started, judged and lost, also where no result is.

One event a line, as ``pytest_virtualpytest.models.Event``. A folder may hold several runs; the last one counts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from virtualpytest_dashboard import allure
from virtualpytest_dashboard.records import Row

FILE = "virtualpytest-run.jsonl"
_SLACK = 1000  # milliseconds by which a result's clock and the journal's may differ


@dataclass
class Journal:
    """What the last run in a journal says; tests are pytest's node ids, *held* is by worker and device."""

    started: int = 0
    ended: int = 0
    planned: list[str] = field(default_factory=list)
    running: dict[str, allure.Document] = field(default_factory=dict)
    lost: dict[str, allure.Document] = field(default_factory=dict)
    verdicts: dict[str, list[allure.Document]] = field(default_factory=dict)
    held: dict[str, dict[str, allure.Document]] = field(default_factory=dict)

    def take(self, event: allure.Document) -> None:
        """Learn from *event*."""
        kind, test = event.get("kind"), allure.text(event.get("test"))
        if kind == "plan":
            self.planned += _tests(event)
        elif kind == "start":
            self._start(test, event)
        elif kind in ("lease", "release"):
            self._hold(event)
        elif kind == "verdict":
            self.running.pop(test, None)
            self.verdicts.setdefault(test, []).append(event)
        elif kind == "loss":
            self.lost[test] = {**event, **_said(self.running.pop(test, {})), "data": event.get("data")}
        elif kind == "end":
            self.ended = _time(event)

    def _start(self, test: str, event: allure.Document) -> None:
        self.lost.pop(test, None)
        held = self.held.get(allure.text(event.get("worker")), {})
        self.running[test] = {**event, **next(iter(held.values()), {}), **_said(event)}

    def _hold(self, event: allure.Document) -> None:
        """Note who holds a device: a test that runs has the first one that its worker holds."""
        worker, device = allure.text(event.get("worker")), allure.text(event.get("device"))
        held = self.held.setdefault(worker, {})
        if event.get("kind") == "release":
            held.pop(device, None)
            return
        held[device] = {"device": device, "host": event.get("host")}
        for test, running in self.running.items():
            if allure.text(running.get("worker")) == worker and not running.get("device"):
                self.running[test] = {**running, **held[device]}


def read(path: Path) -> Journal:
    """Return what the last run in *path* says; nothing, if there is no journal."""
    journal = Journal()
    try:
        with path.open(encoding="utf-8", errors="replace") as lines:
            for event in _events(lines):
                if event.get("kind") == "run":
                    journal = Journal(started=_time(event))
                journal.take(event)
    except OSError:
        return Journal()
    return journal


def _events(lines: Iterator[str]) -> Iterator[allure.Document]:
    for line in lines:
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):  # the last line may be half written
            continue
        if isinstance(event, dict):
            yield event


def _said(event: allure.Document) -> allure.Document:
    return {name: value for name, value in event.items() if value}


def _time(event: allure.Document) -> int:
    said = event.get("time")
    return allure.time(said * 1000) if isinstance(said, int | float) else 0


def _tests(event: allure.Document) -> list[str]:
    data = event.get("data")
    listed = data.get("tests") if isinstance(data, dict) else None
    names = [event.get("test"), *(listed if isinstance(listed, list) else ())]
    return [allure.text(name) for name in names if name]


def missing(journal: Journal, rows: Sequence[Row], live: bool) -> list[Row]:
    """Return a row for each test of the plan that has no result: lost, running, or never run.

    A result of an earlier run in the same folder stands for a test that has not begun yet, not for one that has.
    """
    known = {(row.name, row.full_name) for row in rows}
    now = {(row.name, row.full_name) for row in rows if row.start >= journal.started - _SLACK}
    tests = dict.fromkeys([*journal.planned, *journal.running, *journal.lost])
    return [
        _row(journal, test, number, live)
        for number, test in enumerate(tests)
        if test not in journal.verdicts
        and _names(test) not in (now if test in journal.running or test in journal.lost else known)
    ]


def verdict(journal: Journal, row: Row, until: int = 0) -> allure.Document:
    """Return what was noted of *row* when it ended: first after its stop, and before *until*, if that is known."""
    events = (event for test, noted in journal.verdicts.items() if _fits(row, test) for event in noted)
    found = [event for event in events if row.stop - _SLACK <= _time(event) < (until or math.inf)]
    data = min(found, key=_time, default={}).get("data")
    return data if isinstance(data, dict) else {}


def _fits(row: Row, test: str) -> bool:
    return (row.name, row.full_name) == _names(test)


def _names(test: str) -> tuple[str, str]:
    """Return the name and the full name that allure-pytest gives to *test*."""
    path, *inner = test.split("::")
    name = inner.pop() if inner else path
    module = path.removesuffix(".py").replace("/", ".")
    return name, f"{'.'.join([module, *inner])}#{name.partition('[')[0]}"


def _row(journal: Journal, test: str, number: int, live: bool) -> Row:
    event = journal.lost.get(test) or journal.running.get(test) or {}
    name, full_name = _names(test)
    verdict = _verdict(journal, test, live)
    lost = verdict == "lost"
    return Row(
        id=f"journal-{number}",
        name=name,
        verdict=verdict,
        full_name=full_name,
        device=allure.text(event.get("device")),
        host=allure.text(event.get("host")),
        message=_loss(event) if lost else "",
        category="Lab faults" if lost else "",
        cause="lab" if lost else "",
        start=_time(event),
    )


def _verdict(journal: Journal, test: str, live: bool) -> str:
    if test in journal.lost:
        return "lost"
    if test in journal.running:
        return "running" if live else "lost"
    return "not run"


def _loss(event: allure.Document) -> str:
    data = event.get("data")
    why = next((allure.text(data[key]) for key in ("message", "why", "reason") if data.get(key)), "") if isinstance(
        data, dict) else ""
    where = " on ".join(filter(None, [allure.text(event.get("device")), allure.text(event.get("host"))]))
    worker = allure.text(event.get("worker"))
    return why or f"lost while it ran{' on ' + where if where else ''}{f' (worker {worker})' if worker else ''}"
