"""What a run's rows say together, and what else lies beside them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from pytest_virtualpytest.exceptions import VirtualPytestError
from virtualpytest_dashboard import allure
from virtualpytest_dashboard.journal import Journal
from virtualpytest_dashboard.records import CAUSES, RANK, VERDICTS, DeviceTally, Link, Parameter, Row, Run, Unreadable

_MOST = 1 << 20


def summary(run: Run, told: Journal) -> Run:
    """Return *run* with everything that its rows, its journal and its other files tell."""
    rows = sorted(run.rows, key=lambda row: (RANK[row.verdict], row.start, row.name))
    errors, unfit = _globals(run.folder)
    return replace(
        run,
        rows=rows,
        counts=_count(VERDICTS, (row.verdict for row in rows)),
        causes=_count(CAUSES, (row.cause for row in rows)),
        categories=dict(Counter(row.category for row in rows if row.category).most_common()),
        devices=_devices(rows),
        start=told.started or min((row.start for row in rows if row.start), default=0),
        stop=told.ended or max((row.stop for row in rows), default=0),
        ended=bool(told.ended or not told.started),
        retried=sum(1 for row in rows if row.earlier),
        environment=_environment(run.folder),
        executor=_executor(run.folder),
        errors=errors,
        unreadable=[*run.unreadable, *unfit],
    )


def _count(order: Sequence[str], words: Iterable[str]) -> dict[str, int]:
    counted = Counter(words)
    return {word: counted[word] for word in order if counted[word]}


def _devices(rows: Sequence[Row]) -> list[DeviceTally]:
    """Return how each device fared, the one with most to look at first."""
    told: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        for place in row.places:
            told[place].append(row)
    worst = sorted(told, key=lambda name: (-sum(row.bad for row in told[name]), name))
    return [_tally(*name, told[name]) for name in worst]


def _tally(device: str, host: str, rows: Sequence[Row]) -> DeviceTally:
    counts = _count(VERDICTS, (row.verdict for row in rows))
    return DeviceTally(device, host, counts, _count(CAUSES, (row.cause for row in rows)))


def _globals(folder: Path) -> tuple[list[str], list[Unreadable]]:
    """Return what went wrong outside of any test, and the files that do not say it."""
    errors, unfit = [], []
    for path in sorted(folder.glob("*-globals.json")):
        try:
            document = allure.read(path)
        except VirtualPytestError as error:
            unfit.append(Unreadable(path.name, error.message))
        else:
            errors += [allure.text(member.get("message")) for member in allure.members(document.get("errors"))]
    return errors, unfit


def _environment(folder: Path) -> list[Parameter]:
    try:
        with (folder / "environment.properties").open(encoding="utf-8", errors="replace") as file:
            lines = file.read(_MOST).splitlines()
    except OSError:
        return []
    found = (re.match(r"\s*([^#!\s][^=:]*?)\s*[=:]\s*(.*)", line) for line in lines)
    return [Parameter(match[1], match[2]) for match in found if match]


def _executor(folder: Path) -> Link | None:
    try:
        document = allure.read(folder / "executor.json")
    except VirtualPytestError:
        return None
    named = document.get("buildName") or document.get("name") or document.get("type")
    return allure.link(named, document.get("buildUrl") or document.get("url"))
