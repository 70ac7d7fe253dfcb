"""Runs that are too old, or too many, are removed: whole folders of results, and only those that hold nothing else.

Never goes what is marked to be kept, what still runs, what the dashboard was given itself, and nothing through a link.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pytest_virtualpytest.exceptions import ConfigError
from virtualpytest_dashboard import contents
from virtualpytest_dashboard.folders import Folders
from virtualpytest_dashboard.results import Folder
from virtualpytest_dashboard.store import retained
from virtualpytest_dashboard.store.database import PLACE, Database

_DAY = 86_400
_STILL = 900  # seconds since something was written: it may go on
_GOING = ".virtualpytest-removed-"  # what a folder is called while it is removed
_RESULTS = re.compile(r".*(-result\.json(\.tmp)?|-container\.json|-globals\.json|-attachment(\.[^/]*)?)")
_BESIDE = {"categories.json", "executor.json", "environment.properties", "environment.xml", "virtualpytest-run.jsonl"}


@dataclass(frozen=True)
class Rules:
    """Runs go that ended more than *days* ago, and all but the newest *runs*; 0 for no such rule."""

    days: float = 0
    runs: int = 0

    def check(self) -> None:
        """Raise a ConfigError unless they can be meant."""
        if self.days < 0 or self.runs < 0:
            raise ConfigError(f"retention: {self.days:g} days, {self.runs} runs: neither can be less than none")


@dataclass(frozen=True)
class Old:
    """A run that the rules are about: *why* it should go, and what *hinders* that, empty where nothing does."""

    folder: Folder
    why: str
    hinders: str


def plan(folders: Folders, kept: Database, rules: Rules) -> Sequence[Old]:
    """Return the runs that are too old, or too many, the newest first."""
    ended = sorted(((_ended(folder), folder) for folder in folders.all()), key=lambda one: -one[0])
    found = []
    for number, (stop, folder) in enumerate(ended, 1):
        days = (time.time() - stop) / _DAY
        why = f"ended {days:.0f} days ago" if 0 < rules.days < days else ""
        why = why or (f"is older than the newest {rules.runs}" if 0 < rules.runs < number else "")
        if why:
            found.append(Old(folder, why, _hinders(folder, folders, kept)))
    return found


def _ended(folder: Folder) -> float:
    """Return when the run ended, in seconds since the epoch: what it says, else when its folder was written last."""
    run = folder.run()
    return run.stop / 1000 if run.stop else _written(folder.path)


def _written(path: Path) -> float:
    try:
        return path.stat(follow_symlinks=False).st_mtime
    except OSError:
        return time.time()


def _hinders(folder: Folder, folders: Folders, kept: Database) -> str:
    if folder.path in folders.roots:
        return "it is what the dashboard was given itself"
    if retained.marked(kept, folder.path):
        return "it is marked to be kept"
    if folder.run().live:
        return "it still runs"
    return _strange(folder.path)


def _strange(path: Path) -> str:
    """Return what is in *path* that is not of a run, or was written just now."""
    if path.is_symlink() or path.resolve() != path:
        return "it is behind a link"
    named = set(contents.scan(path))
    with os.scandir(path) as entries:
        for entry in entries:
            state = entry.stat(follow_symlinks=False)
            if not entry.is_file(follow_symlinks=False):
                return f"it holds {entry.name!r}, which is no plain file"
            if not (_RESULTS.fullmatch(entry.name) or entry.name in _BESIDE or entry.name in named):
                return f"it holds {entry.name!r}, which is not of a run"
            if time.time() - state.st_mtime < _STILL:
                return "something was written into it a moment ago"
    return ""


def prune(folders: Folders, kept: Database, rules: Rules) -> Iterator[Old]:
    """Remove the runs that *rules* are about, and yield each, with what has hindered that."""
    _finish(folders.roots)
    for old in plan(folders, kept, rules):
        if old.hinders:
            yield old
        elif hinders := _remove(old.folder.path):
            yield Old(old.folder, old.why, hinders)
        else:
            retained.note(kept, old.folder.path, old.folder.title, old.why)
            folders.forget(old.folder)
            yield old


def _remove(path: Path) -> str:
    """Remove the folder *path*: it is gone at once, its files then; return what hinders that."""
    going = path.with_name(f"{_GOING}{secrets.token_hex(6)}")
    try:
        path.rename(going)
    except OSError as error:
        return f"it cannot be removed: {error.strerror}"
    shutil.rmtree(going, ignore_errors=True)
    return ""


def _finish(roots: Sequence[Path]) -> None:
    """Remove what was being removed when somebody was killed."""
    for root in roots:
        for pattern in (f"{_GOING}*", f"*/{_GOING}*", f"*/*/{_GOING}*"):
            for left in root.glob(pattern):
                if left.is_dir() and not left.is_symlink() and PLACE not in left.parts:
                    with contextlib.suppress(OSError):
                        shutil.rmtree(left)
