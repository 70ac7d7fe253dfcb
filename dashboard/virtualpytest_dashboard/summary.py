"""What a run's tests say together, and what else lies beside them."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_virtualpytest.exceptions import VirtualPytestError
from virtualpytest_dashboard import allure, causes, records
from virtualpytest_dashboard.records import CAUSES, RANK, VERDICTS, DeviceTally, Link, Parameter, Run, Unreadable

_MOST = 1 << 20
_SIGN = re.compile("[=:]")


def summary(run: Run, tallies: Sequence[Mapping[Any, Any]], general: Sequence[str]) -> Run:
    """Return *run* with what the *tallies* of its tests, the files *general* and others beside them tell."""
    errors, unfit = _globals(run.folder, general)
    categories = _count(tallies, "category")
    return replace(
        run,
        total=sum(tally["count"] for tally in tallies),
        counts=_ordered(VERDICTS, _count(tallies, "verdict")),
        causes=_ordered(CAUSES, _count(tallies, "cause")),
        categories=dict(categories.most_common()),
        devices=_devices(tallies),
        start=run.start or min((tally["start"] for tally in tallies if tally["start"]), default=0),
        stop=run.stop or max((tally["stop"] for tally in tallies), default=0),
        retried=sum(tally["again"] for tally in tallies),
        environment=_environment(run.folder),
        executor=_executor(run.folder),
        errors=errors,
        unreadable=[*run.unreadable, *unfit, *_unfit_rules(run.folder)],
    )


def _count(tallies: Iterable[Mapping[Any, Any]], column: str) -> Counter[str]:
    counted: Counter[str] = Counter()
    for tally in tallies:
        if tally[column]:
            counted[tally[column]] += tally["count"]
    return counted


def _ordered(order: Sequence[str], counted: Mapping[str, int]) -> dict[str, int]:
    return {word: counted[word] for word in order if counted.get(word)}


def _devices(tallies: Iterable[Mapping[Any, Any]]) -> list[DeviceTally]:
    """Return how each device fared, the one with most to look at first."""
    told: defaultdict[tuple[str, str], list[Mapping[Any, Any]]] = defaultdict(list)
    for tally in tallies:
        for place in records.places(tally["device"], tally["host"]):
            told[place].append(tally)
    worst = sorted(told, key=lambda name: (-_bad(told[name]), name))
    return [_tally(*name, told[name]) for name in worst]


def _bad(tallies: Iterable[Mapping[Any, Any]]) -> int:
    return sum(tally["count"] for tally in tallies if RANK[tally["verdict"]] < RANK["running"])


def _tally(device: str, host: str, tallies: Sequence[Mapping[Any, Any]]) -> DeviceTally:
    counts = _ordered(VERDICTS, _count(tallies, "verdict"))
    return DeviceTally(device, host, counts, _ordered(CAUSES, _count(tallies, "cause")))


def _globals(folder: Path, names: Sequence[str]) -> tuple[list[str], list[Unreadable]]:
    """Return what went wrong outside of any test, and the files that do not say it."""
    errors, unfit = [], []
    for name in names:
        try:
            document = allure.read(folder / name)
        except VirtualPytestError as error:
            unfit.append(Unreadable(name, error.message))
        else:
            errors += [allure.text(member.get("message")) for member in allure.members(document.get("errors"))]
    return errors, unfit


def _unfit_rules(folder: Path) -> list[Unreadable]:
    return [Unreadable(causes.FILE, why) for why in causes.unfit(folder / causes.FILE)]


def _environment(folder: Path) -> list[Parameter]:
    try:
        with (folder / "environment.properties").open(encoding="utf-8", errors="replace") as file:
            lines = file.read(_MOST).splitlines()
    except OSError:
        return []
    pairs = (_SIGN.split(line, maxsplit=1) for line in lines if not line.lstrip().startswith(("#", "!")))
    return [Parameter(pair[0].strip(), pair[1].strip()) for pair in pairs if len(pair) > 1 and pair[0].strip()]


def _executor(folder: Path) -> Link | None:
    try:
        document = allure.read(folder / "executor.json")
    except VirtualPytestError:
        return None
    named = document.get("buildName") or document.get("name") or document.get("type")
    return allure.link(named, document.get("buildUrl") or document.get("url"))
