"""Which runs there are: a folder given is one run, or holds them up to three levels down."""

from __future__ import annotations

import hashlib
import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from pytest_virtualpytest.exceptions import ConfigError
from virtualpytest_dashboard.contents import RESULT
from virtualpytest_dashboard.journal import FILE
from virtualpytest_dashboard.results import Folder
from virtualpytest_dashboard.store.database import Database, beside
from virtualpytest_dashboard.store.forgetting import forget

_DEEP = 3
_MARKS = (RESULT, "-container.json", "-globals.json")
_PLAIN = ("allure-results", "allure", "results")
_Answer = TypeVar("_Answer")


class Folders:
    """The runs in the folders that the dashboard was given, looked for anew each time."""

    def __init__(self, roots: Sequence[Path], database: Database | None = None) -> None:
        self.roots = [root.resolve() for root in roots]
        self._database = database or beside(self.roots)
        self._lock = threading.Lock()
        self._known: dict[Path, Folder] = {}

    def add(self, root: Path) -> None:
        """Show what is in *root*, too."""
        with self._lock:
            if root.is_dir() and root.resolve() not in self.roots:
                self.roots.append(root.resolve())

    def all(self) -> list[Folder]:
        """Return every run, the newest first."""
        paths = dict.fromkeys(path for root in self.roots for path in _runs(root))
        with self._lock:
            self._known = {path: self._known.get(path) or _folder(path, self._database) for path in paths}
            return sorted(self._known.values(), key=lambda folder: _changed(folder.path), reverse=True)

    def known(self) -> list[Folder]:
        """Return the runs that were found when somebody looked last."""
        return list(self._known.values())

    def get(self, name: str) -> Folder | None:
        """Return the run that is called *name* in addresses."""
        known = next((folder for folder in list(self._known.values()) if folder.name == name), None)
        if known is not None and known.path.is_dir():
            return known
        return next((folder for folder in self.all() if folder.name == name), None)

    def ask(self, question: Callable[[Connection], _Answer]) -> _Answer:
        """Return the store's answer to a *question* about all that was read."""
        with self._database.reading() as connection:
            return question(connection)

    def forget(self, folder: Folder) -> None:
        """Forget what was read of a run that is no more."""
        with self._lock:
            self._known.pop(folder.path, None)
        with self._database.writing() as connection:
            forget(connection, folder.number)

    def close(self) -> None:
        """Let go of the store."""
        self._database.close()


def check(folders: Sequence[str], *, empty: bool = False) -> list[Path]:
    """Return *folders* as paths; a ConfigError names each that cannot be shown, and that is empty unless it may be."""
    if not folders:
        raise ConfigError("the dashboard needs a folder of Allure results: virtualpytest dashboard FOLDER")
    problems = [problem for folder in folders if (problem := _problem(Path(folder), empty=empty))]
    if problems:
        raise ConfigError(*problems)
    return [Path(folder) for folder in folders]


def _problem(folder: Path, *, empty: bool) -> str:
    if not folder.exists():
        return f"{folder}: no such folder; pytest makes it: pytest --alluredir={folder}"
    if not folder.is_dir():
        return f"{folder}: not a folder of Allure results but a file"
    if not os.access(folder, os.R_OK | os.X_OK, effective_ids=True):
        return f"{folder}: may not be read by this account"
    if not empty and next(_runs(folder), None) is None:
        return f"{folder}: no Allure results in it; pytest writes them: pytest --alluredir={folder}"
    return ""


def holds_results(path: Path) -> bool:
    """Tell whether *path* is a run itself."""
    return _inner(path) is None


def _runs(path: Path, depth: int = 0) -> Iterator[Path]:
    inner = _inner(path)
    if inner is None:
        yield path
    elif depth < _DEEP:
        for name in inner:
            yield from _runs(path / name, depth + 1)


def _inner(path: Path) -> list[str] | None:
    """Return the folders in *path*, None if it holds results itself."""
    inner = []
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                if entry.name.endswith(_MARKS) or entry.name == FILE:
                    return None
                if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
                    inner.append(entry.name)
    except OSError:  # not ours to read, or removed while we looked
        return []
    return sorted(inner)


def _folder(path: Path, database: Database) -> Folder:
    """Return the folder at *path*: its address ends in a piece of its path's digest, as names repeat."""
    named = [path.parent.name, path.name] if path.name in _PLAIN else [path.name]
    title = "/".join(filter(None, named)) or str(path)
    readable = re.sub(r"[^A-Za-z0-9.]+", "-", title).strip("-.")
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:6]
    return Folder(path, f"{readable}-{digest}".lstrip("-"), title.encode("utf-8", "replace").decode(), database)


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
