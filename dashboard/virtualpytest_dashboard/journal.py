"""The run journal, ``virtualpytest-run.jsonl``: what was planned, started, judged and lost, also where no result is.

One event a line, as ``pytest_virtualpytest.models.Event``. A folder may hold several runs; the last one counts.
"""

from __future__ import annotations

import datetime
import functools
import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from virtualpytest_dashboard import allure, causes
from virtualpytest_dashboard.records import Row

FILE = "virtualpytest-run.jsonl"
_GRACE = 20_000  # milliseconds for a test past its deadline to keep its evidence, before it is told to hang
_SLACK = 1000  # milliseconds by which a result's clock and the journal's may differ


@dataclass
class Journal:
    """What the last run in a journal says; tests are pytest's node ids, *held* is by worker and device."""

    started: int = 0
    ended: int = 0
    news: int = 0  # when the last event was noted
    process: allure.Document = field(default_factory=dict)  # by which this machine may know it
    planned: list[str] = field(default_factory=list)
    running: dict[str, allure.Document] = field(default_factory=dict)
    lost: dict[str, allure.Document] = field(default_factory=dict)
    verdicts: dict[str, list[allure.Document]] = field(default_factory=dict)
    held: dict[str, dict[str, allure.Document]] = field(default_factory=dict)
    judged: dict[tuple[str, str], list[allure.Document]] = field(default_factory=dict)  # verdicts by the test's names
    unfit: dict[str, str] = field(default_factory=dict)  # why each device is used no more
    measured: list[allure.Document] = field(default_factory=list)  # verdicts with figures, and where their test ran
    waiting: dict[str, Row] = field(default_factory=dict)  # rows of tests that have not begun, as they were made

    def take(self, event: allure.Document) -> None:
        """Learn from *event*."""
        kind, test = event.get("kind"), allure.text(event.get("test"))
        self.news = max(self.news, time(event))
        if kind == "plan":
            self.planned += _tests(event)
        elif kind == "start":
            self._start(test, event)
        elif kind in ("lease", "release"):
            self._hold(event)
        elif kind == "quarantine":
            self.unfit[allure.text(event.get("device"))] = allure.text(_data(event).get("why"))
        elif kind == "verdict":
            self._judge(test, event)
        elif kind == "loss":
            self.lost[test] = {**event, **_said(self.running.pop(test, {})), "data": event.get("data")}
        elif kind == "end":
            self.ended = time(event)

    def overdue(self, now: int) -> frozenset[str]:
        """Return the tests that run though their deadline passed, with what they had to save their evidence."""
        return frozenset(test for test, event in self.running.items() if 0 < due(event) < now - _GRACE)

    def _start(self, test: str, event: allure.Document) -> None:
        self.lost.pop(test, None)
        held = self.held.get(allure.text(event.get("worker")), {})
        self.running[test] = {**event, **next(iter(held.values()), {}), **_said(event)}

    def _judge(self, test: str, event: allure.Document) -> None:
        begun, data = self.running.pop(test, {}), event.get("data")
        self.verdicts.setdefault(test, []).append(event)
        self.judged.setdefault(names(test), []).append(event)
        if isinstance(data, dict) and next(allure.members(data.get("measurements")), None):
            self.measured.append({**event, "device": begun.get("device"), "host": begun.get("host")})

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


class Reader:
    """Reads the journal at *path*, and later only what was added to it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file, self._place, self._journal = 0, 0, Journal()

    def read(self) -> Journal:
        """Return what the last run says now; nothing, if there is no journal."""
        try:
            with self._path.open("rb") as file:
                state = os.fstat(file.fileno())
                if state.st_ino != self._file or state.st_size < self._place:
                    self._file, self._place, self._journal = state.st_ino, 0, Journal()
                file.seek(self._place)
                self._take(file.read())
        except OSError:
            self._place, self._journal = 0, Journal()
        return self._journal

    def _take(self, added: bytes) -> None:
        lines = added.splitlines(keepends=True)
        for line in lines:
            event = _event(line)
            if event is None and line is lines[-1] and not line.endswith(b"\n"):
                return  # half written: its rest comes
            self._place += len(line)
            if event is not None:
                if event.get("kind") == "run":
                    self._journal = Journal(started=time(event), process=_document(_data(event).get("process")))
                self._journal.take(event)


def _event(line: bytes) -> allure.Document | None:
    try:
        event = json.loads(line.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return None
    return event if isinstance(event, dict) else None


def _said(event: allure.Document) -> allure.Document:
    return {name: value for name, value in event.items() if value}


def time(event: allure.Document) -> int:
    """Return when *event* was noted, in milliseconds since the epoch."""
    said = event.get("time")
    return allure.time(said * 1000) if isinstance(said, int | float) else 0


def due(event: allure.Document) -> int:
    """Return when a test that began with *event* passes its deadline, 0 where it has none."""
    seconds = _data(event).get("deadline")
    return time(event) + round(seconds * 1000) if isinstance(seconds, int | float) and 0 < seconds < 1e9 else 0


def _data(event: allure.Document) -> allure.Document:
    return _document(event.get("data"))


def _document(found: object) -> allure.Document:
    return found if isinstance(found, dict) else {}


def _tests(event: allure.Document) -> list[str]:
    data = event.get("data")
    listed = data.get("tests") if isinstance(data, dict) else None
    names = [event.get("test"), *(listed if isinstance(listed, list) else ())]
    return [allure.text(name) for name in names if name]


def _hangs(event: allure.Document, news: int) -> str:
    """Return since when the test hangs that began with *event*: its deadline, or the last *news* of its run."""
    now, due_at, device = datetime.datetime.now(datetime.UTC), due(event), allure.text(event.get("device"))
    passed = due_at if due_at < now.timestamp() * 1000 else 0
    since = datetime.datetime.fromtimestamp((passed or news) / 1000, datetime.UTC).astimezone()
    why = f"past its deadline of {_data(event)['deadline']:g} s" if passed else "nothing is heard of it"
    return f"hangs{f' on {device}' if device else ''} since {since:%Y-%m-%d %H:%M:%S}: {why}"


def missing(journal: Journal, rows: Sequence[Row], live: bool, hung: frozenset[str] = frozenset()) -> list[Row]:
    """Return a row for each test of the plan that has no result: lost, *hung*, running, or never run.

    A result of an earlier run in the same folder stands for a test that has not begun yet, not for one that has.
    """
    known = {(row.name, row.full_name) for row in rows}
    now = {(row.name, row.full_name) for row in rows if row.start >= journal.started - _SLACK}
    tests = dict.fromkeys([*journal.planned, *journal.running, *journal.lost])
    return [
        _row(journal, test, number, live, hung)
        for number, test in enumerate(tests)
        if test not in journal.verdicts
        and names(test) not in (now if test in journal.running or test in journal.lost else known)
    ]


def verdict(journal: Journal, row: Row, until: int = 0) -> allure.Document:
    """Return what was noted of *row* when it ended: first after its stop, and before *until*, if that is known."""
    noted = list(journal.judged.get((row.name, row.full_name), ()))  # the journal may go on meanwhile
    found = [event for event in noted if row.stop - _SLACK <= time(event) < (until or math.inf)]
    data = min(found, key=time, default={}).get("data")
    return data if isinstance(data, dict) else {}


@functools.lru_cache(maxsize=1 << 17)
def names(test: str) -> tuple[str, str]:
    """Return the name and the full name that allure-pytest gives to *test*."""
    path, *inner = test.split("::")
    name = inner.pop() if inner else path
    module = path.removesuffix(".py").replace("/", ".")
    return name, f"{'.'.join([module, *inner])}#{name.partition('[')[0]}"


def _row(journal: Journal, test: str, number: int, live: bool, hung: frozenset[str]) -> Row:
    if test in journal.lost or test in journal.running:
        return _begun(journal, test, number, _verdict(journal, test, live, hung))
    row = journal.waiting.get(test)
    if row is None:
        row = journal.waiting[test] = _begun(journal, test, number, "not run")
    return row


def _begun(journal: Journal, test: str, number: int, verdict: str) -> Row:
    event = journal.lost.get(test) or journal.running.get(test) or {}
    name, full_name = names(test)
    lost = verdict in ("lost", "hung")
    cause = allure.text(_data(event).get("cause")) if test in journal.lost else ""
    category, cause = causes.judge(verdict, "", "", (), cause or "lab") if lost else ("", "")
    return Row(
        id=f"journal-{number}",
        name=name,
        verdict=verdict,
        full_name=full_name,
        device=allure.text(event.get("device")),
        host=allure.text(event.get("host")),
        message=_loss(event, verdict, news=journal.news) if lost else "",
        category=category,
        cause=cause,
        start=time(event),
    )


def _verdict(journal: Journal, test: str, live: bool, hung: frozenset[str]) -> str:
    if test in journal.lost:
        return "hung" if _data(journal.lost[test]).get("hung") else "lost"
    return "lost" if not live else "hung" if test in hung else "running"


def _loss(event: allure.Document, verdict: str, news: int) -> str:
    data = _data(event)
    why = next((allure.text(data[key]) for key in ("message", "why", "reason") if data.get(key)), "")
    if verdict == "hung" and not why:
        return _hangs(event, news)
    where = " on ".join(filter(None, [allure.text(event.get("device")), allure.text(event.get("host"))]))
    worker = allure.text(event.get("worker"))
    return why or f"lost while it ran{' on ' + where if where else ''}{f' (worker {worker})' if worker else ''}"
