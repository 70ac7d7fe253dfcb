"""A folder of Allure results as one run: read file by file, again only what changed."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pytest_virtualpytest.exceptions import VirtualPytestError
from virtualpytest_dashboard import allure, causes, journal
from virtualpytest_dashboard.records import Row, Run, Unreadable
from virtualpytest_dashboard.rows import fold, row
from virtualpytest_dashboard.summary import summary

RESULT, CONTAINER = "-result.json", "-container.json"
_TELLING = (RESULT, "-globals.json")
_BESIDE = ("categories.json", "executor.json", "environment.properties", journal.FILE)
_STILL = 900  # seconds without news after which a run that never said its end is taken for dead

Stamp = tuple[int, int]


class Folder:
    """One folder of results; *name* is its name in addresses, *title* the one for people, *told* its journal."""

    def __init__(self, path: Path, name: str, title: str) -> None:
        self.path = path
        self.name = name
        self.title = title
        self.told = journal.Journal()
        self._lock = threading.Lock()
        self._rules: Sequence[causes.Category] = ()
        self._rows: dict[str, tuple[Stamp, Row | Unreadable]] = {}
        self._children: dict[str, frozenset[str]] = {}
        self._last: tuple[object, Run] | None = None

    def run(self) -> Run:
        """Return what the folder holds now."""
        with self._lock:
            files = scan(self.path)
            state = files, _fresh(files)
            if self._last is None or self._last[0] != state:
                self._last = state, self._read(files)
            return self._last[1]

    def containers(self, test: str) -> list[allure.Document]:
        """Return what set up and took down the test with uuid *test*, the outermost first."""
        with self._lock:
            for name in _containers(self.path):
                if name not in self._children and (document := _try(self.path / name)) is not None:
                    self._children[name] = _listed(document)
            names = [name for name, children in self._children.items() if test in children]
        documents = [document for name in names if (document := _try(self.path / name)) is not None]
        return sorted(documents, key=lambda document: allure.time(document.get("start")))

    def _read(self, files: Mapping[str, Stamp]) -> Run:
        rules = causes.categories(self.path / "categories.json")
        if rules != self._rules:
            self._rules, self._rows = rules, {}
        self._rows = {name: self._read_row(name, stamp) for name, stamp in files.items() if name.endswith(RESULT)}
        found, unreadable = _sort_out(item for _, item in self._rows.values())
        self.told = journal.read(self.path / journal.FILE)
        live = bool(self.told.started and not self.told.ended and _fresh(files))
        rows = [*fold(found), *journal.missing(self.told, found, live)]
        return summary(Run(self.name, self.title, self.path, rows, live=live, unreadable=unreadable), self.told)

    def _read_row(self, name: str, stamp: Stamp) -> tuple[Stamp, Row | Unreadable]:
        known = self._rows.get(name)
        if known is not None and known[0] == stamp:
            return known
        try:
            return stamp, row(allure.read(self.path / name), allure.text(name), self._rules)
        except VirtualPytestError as error:
            return stamp, Unreadable(allure.text(name), error.message)


def scan(path: Path) -> dict[str, Stamp]:
    """Return when each file that says something about the run was written, and its size."""
    return dict(sorted(_stamps(path)))


def _stamps(path: Path) -> Iterator[tuple[str, Stamp]]:
    for entry in _entries(path):
        if entry.name.endswith(_TELLING) or entry.name in _BESIDE:
            with contextlib.suppress(FileNotFoundError):  # removed while we looked
                state = entry.stat(follow_symlinks=False)
                yield entry.name, (state.st_mtime_ns, state.st_size)


def _containers(path: Path) -> list[str]:
    return [entry.name for entry in _entries(path) if entry.name.endswith(CONTAINER)]


def _entries(path: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(path) as entries:
            return list(entries)
    except OSError:  # not ours to read, or removed while we looked
        return []


def _listed(container: allure.Document) -> frozenset[str]:
    children = container.get("children")
    listed = children if isinstance(children, list) else ()
    return frozenset(child for child in listed if isinstance(child, str))


def _fresh(files: Mapping[str, Stamp]) -> bool:
    newest = max((stamp[0] for stamp in files.values()), default=0)
    return time.time() - newest / 1e9 < _STILL


def _try(path: Path) -> allure.Document | None:
    try:
        found: allure.Document = allure.read(path)
    except VirtualPytestError:
        return None
    return found


def _sort_out(items: Iterator[Row | Unreadable]) -> tuple[list[Row], list[Unreadable]]:
    """Part what can be shown from what cannot; a second file about one test is a copy."""
    rows: dict[str, Row] = {}
    unreadable = []
    for item in items:
        if isinstance(item, Unreadable):
            unreadable.append(item)
        elif item.id in rows:
            unreadable.append(Unreadable(item.file, f"says the same uuid as {rows[item.id].file}"))
        else:
            rows[item.id] = item
    return list(rows.values()), unreadable
