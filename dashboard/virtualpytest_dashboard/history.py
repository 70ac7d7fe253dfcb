"""A run against the one before it, and a test through all runs that the dashboard shows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from virtualpytest_dashboard.folders import Folders
from virtualpytest_dashboard.records import Past, Row
from virtualpytest_dashboard.results import Folder

_LOOKED_AT = 10  # runs that are asked for a test in common: each is read for that, if it was not yet
_KEPT = 10.0  # seconds for which the answer stands
_MOST = 30


def previous(folders: Folders, folder: Folder) -> Folder | None:
    """Return the newest run before *folder* that has one of its tests."""
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
