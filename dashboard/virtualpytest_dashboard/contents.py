"""What lies in a folder of results, and whether it has to be looked through again."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from virtualpytest_dashboard import allure, journal
from virtualpytest_dashboard.store.ingest import RESULT_FILE, UNFINISHED, Stamp

RESULT, CONTAINER = RESULT_FILE, "-container.json"
BESIDE = ("categories.json", "executor.json", "environment.properties", journal.FILE)
_TELLING = (RESULT, "-globals.json")
_MARKS = (*_TELLING, UNFINISHED)
_QUIET = 10  # seconds without news after which a folder is looked through less often …
_RARELY = 5  # … every so many seconds, unless files came or went
_LEFT = 60  # seconds without news after which a result that was being written is taken for left so


def tells(name: str) -> bool:
    """Tell whether a file called *name* says something about a run."""
    return name.endswith(_TELLING) or name in BESIDE


def scan(path: Path) -> dict[str, Stamp]:
    """Return when each file that says something about the run was written, and its size."""
    return dict(sorted(_stamps(path)))


def _stamps(path: Path) -> Iterator[tuple[str, Stamp]]:
    for entry in _entries(path):
        if entry.name.endswith(_MARKS) or entry.name in BESIDE:  # most files are others: this is looked at the most
            try:
                state = entry.stat(follow_symlinks=False)
            except FileNotFoundError:  # removed while we looked
                continue
            if not entry.name.endswith(UNFINISHED) or time.time() - state.st_mtime > _LEFT:
                yield allure.text(entry.name), (state.st_mtime_ns, state.st_size)


def containers(path: Path) -> list[str]:
    """Return the files that tell what set up and took down tests."""
    return [allure.text(entry.name) for entry in _entries(path) if entry.name.endswith(CONTAINER)]


def _entries(path: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as entries:
            return list(entries)
    except OSError:  # not ours to read, or removed while we looked
        return []


class Seen:
    """When a folder was looked through, and what could have changed since without a look at every file."""

    def __init__(self, newest: float = 0.0, state: object = None) -> None:
        self.at = time.time() if state else 0
        self._newest, self._state = newest, state

    @classmethod
    def of(cls, path: Path, files: Mapping[str, Stamp]) -> Seen:
        """Return the state of *path*, in which *files* were found."""
        return cls(max((stamp[0] for stamp in files.values()), default=0) / 1e9, _outside(path))

    def trust(self, path: Path) -> None:
        """Take what has changed in *path* for seen, as all of it was told."""
        self._newest, self._state = 0.0, _outside(path)

    def stale(self, path: Path) -> bool:
        """Tell whether *path* has to be looked through again."""
        now = time.time()
        if self._state is None or self.at - self._newest < _QUIET or self._state != _outside(path):
            return True
        return now - self.at > _RARELY


def _outside(path: Path) -> object:
    return [stamp(path), *(stamp(path / name) for name in BESIDE)]


def stamp(path: Path) -> Stamp | None:
    """Return when the file at *path* was written, and its size; None where there is none."""
    try:
        state = path.stat(follow_symlinks=False)
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size
