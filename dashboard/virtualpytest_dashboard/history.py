"""A run against the one before it, and a test through all runs that the dashboard shows."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from virtualpytest_dashboard.folders import Folders
from virtualpytest_dashboard.people.seen import Part
from virtualpytest_dashboard.records import Past, Row
from virtualpytest_dashboard.results import Folder
from virtualpytest_dashboard.store import trends

_LOOKED_AT = 10  # runs that are asked for a test in common: each is read for that, if it was not yet
_KEPT = 10.0  # seconds for which the answer stands
_MOST = 30
_TREND = 20  # runs over which a test is looked at, and a trend is drawn


def previous(folders: Folders, folder: Folder) -> Folder | None:
    """Return the newest run before *folder* that has one of its tests."""
    if isinstance(folders, Part):
        return _previous(folders, folder)  # what is known of others' runs is not for everybody
    at, found = folder.before
    if time.monotonic() - at > _KEPT:
        found = _previous(folders, folder)
        folder.before = time.monotonic(), found
    return found


def _previous(folders: Folders, folder: Folder) -> Folder | None:
    start, newest_first = folder.run().start, folders.all()
    place = newest_first.index(folder) + 1 if folder in newest_first else 0
    older = (other for other in newest_first[place : place + _LOOKED_AT] if other.run().start < start)
    return next((other for other in older if folder.shares(other)), None)


def past(folders: Folders, folder: Folder, row: Row) -> Sequence[Past]:
    """Return how the test of *row* fared in each run that was read, the newest first."""
    known = {other.number: other for other in folders.all()}
    return [
        replace(one, run=known[number].name, title=known[number].title)
        for number, one in folder.past(row, _MOST) if number in known
    ]  # fmt: skip


def kin(folders: Folders, folder: Folder) -> Sequence[Folder]:
    """Return the newest runs up to *folder* that have one of its tests, as far as they were read; itself first."""
    if type(folders) is not Folders:  # some of them: what is known of the others' runs is not for everybody
        return list(itertools.islice(_kin(folders, folder), _TREND))
    at, found = folder.kin
    if time.monotonic() - at > _KEPT:
        found = list(itertools.islice(_kin(folders, folder), _TREND))
        folder.kin = time.monotonic(), found
    return found


def _kin(folders: Folders, folder: Folder) -> Iterator[Folder]:
    yield folder
    newest_first = folders.all()
    place = newest_first.index(folder) + 1 if folder in newest_first else 0
    yield from (other for other in newest_first[place : place + 2 * _TREND] if folder.shares(other))


def flaky(folders: Folders, folder: Folder) -> set[tuple[str, str]]:
    """Return the tests of *folder*, bad or tried again in it, whose verdicts are not steady, by name and full name."""
    numbers = [other.number for other in kin(folders, folder)]
    state = folder.known().version, tuple(numbers)
    if folder.doubted[0] != state:
        folder.doubted = state, folder.ask(lambda connection, run: trends.suspects(connection, numbers, run))
    return folder.doubted[1]


def steadiness(folders: Folders, folder: Folder, row: Row) -> dict[str, Any]:
    """Return how steady the test of *row* was on each of its *devices*, with its rows there, and in which *runs*."""
    runs = {other.number: other for other in kin(folders, folder)}
    numbers, test = list(runs), (row.full_name, row.name)
    found = folder.ask(lambda store, _: trends.of_test(store, numbers, *test)) if row.full_name else ()
    states = folder.ask(lambda store, _: trends.states(store, numbers, [test])) if found else ()
    devices = [(one, [state for state in states if state.device == one.device]) for one in found]
    return {"devices": devices, "runs": runs}
