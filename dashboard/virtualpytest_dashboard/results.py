"""A folder of Allure results as one run: its files are read into the store, again only what changed."""

from __future__ import annotations

import math
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, select

from pytest_virtualpytest.exceptions import VirtualPytestError
from virtualpytest_dashboard import allure, causes, journal, standing
from virtualpytest_dashboard.contents import BESIDE, Seen, containers, scan, stamp
from virtualpytest_dashboard.listing import Asked, Listing
from virtualpytest_dashboard.records import Alike, Past, Row, Run
from virtualpytest_dashboard.standing import Standing
from virtualpytest_dashboard.store import compare, queries, search
from virtualpytest_dashboard.store.containers import Containers
from virtualpytest_dashboard.store.database import Database, adding
from virtualpytest_dashboard.store.ingest import Ingest, Stamp
from virtualpytest_dashboard.store.measurements import Measurements
from virtualpytest_dashboard.store.schema import RUN
from virtualpytest_dashboard.summary import summary

_AGAIN = 3  # times that the journal is held against results that come faster; the next look goes on
_PATIENCE = 2.0  # seconds that a page waits for who reads the folder; then it shows what is there
_MOMENT = 5  # seconds for which the list of all runs may show what was known of one that goes on

_Answer = TypeVar("_Answer")


class Folder:
    """One folder of results; *name* is its name in addresses, *title* the one for people."""

    def __init__(self, path: Path, name: str, title: str, database: Database | None = None) -> None:
        self.path = path
        self.name = name
        self.title = title
        self._database = database or Database()
        self._lock = threading.RLock()
        self.number = _number(self._database, path)
        self._ingest = Ingest(self._database, self.number, path)
        self._containers, self._noting = Containers(self._database, self.number, path), threading.Lock()
        self._measurements = Measurements(self._database, self.number)
        self._seen = Seen()
        self._looked, self._behind = -math.inf, threading.Lock()
        self._journal = journal.Reader(path / journal.FILE)
        self._last: tuple[int, Run] | None = None
        self._standing = Standing()
        self._finished = -1  # the version of which all was read
        self.before: tuple[float, Folder | None] = -math.inf, None
        self.kin: tuple[float, Sequence[Folder]] = -math.inf, ()
        self.doubted: tuple[object, set[tuple[str, str]]] = None, set()
        self._changes: tuple[object, Mapping[str, int]] = None, {}
        self._answers: dict[object, Any] = {}

    def run(self, patience: float = _PATIENCE) -> Run:
        """Return what the folder holds now, or what is known of it if somebody reads it for longer than *patience*."""
        if self._lock.acquire(timeout=patience):
            try:
                self._refresh()
                self._looked = time.monotonic()
            finally:
                self._lock.release()
        return self.known()

    def known(self) -> Run:
        """Return what the store has of the folder, read by whomever, without a look at it."""
        kept = self._kept()
        last = self._last
        if last is None or last[0] != kept["version"]:
            last = self._last = kept["version"], self._summary(kept)
            self._answers = {}
        return last[1]

    @property
    def unfinished(self) -> bool:
        """Tell whether there is more to read than the results, as far as anybody has looked."""
        return self._last is not None and self._last[0] != self._finished

    def finish(self, stop: Callable[[], bool] = lambda: False) -> Iterator[tuple[str, int]]:
        """Read everything, a piece at a time until *stop*; yield what is being read, and how much of it is left."""
        yield "results", len(scan(self.path))
        version = self.run(-1).version
        with self._noting:
            yield from _until(stop, "containers", self._containers.note(containers(self.path)))
        yield from _until(stop, "search", search.taken(self._database.writing))
        self._finished = version

    def glance(self) -> Run:
        """Return what the folder held a moment ago, if somebody looked then; it is looked at again meanwhile."""
        last, age = self._last, time.monotonic() - self._looked
        if last is None or age > _MOMENT or not last[1].live:
            return self.run()
        if age > _MOMENT / 10 and self._behind.acquire(blocking=False):
            threading.Thread(target=self._look, daemon=True).start()
        return last[1]

    def _look(self) -> None:
        try:
            self.run()
        finally:
            self._behind.release()

    def _summary(self, kept: Mapping[Any, Any]) -> Run:
        times = {"start": kept["started"], "stop": kept["ended"], "ended": bool(kept["ended"] or not kept["started"])}
        with self._database.reading() as connection:
            named = Run(self.name, self.title, self.path, kept["version"], live=kept["live"], **times)
            named = replace(named, standing=self._standing.word, pid=self._standing.pid, news=self._standing.news)
            run = replace(named, unreadable=queries.unreadable(connection, self.number))
            tallies, general = queries.tally(connection, self.number), queries.globals_of(connection, self.number)
        return summary(run, tallies, general)

    def listing(self, asked: Asked, before: Folder | None = None, *more: ColumnElement[bool]) -> Listing:
        """Return the tests that were asked for, changed since the run *before* or not, as of the last look."""
        changed = [compare.change(asked.change, before.number)] if before and asked.change in compare.CHANGES else []
        with self._database.reading() as connection:
            return queries.listing(connection, self.number, asked, *changed, *more)

    def shares(self, other: Folder) -> bool:
        """Tell whether this run and the *other* have a test in common."""
        with self._database.reading() as connection:
            return compare.share(connection, self.number, other.number)

    def changes(self, before: Folder) -> Mapping[str, int]:
        """Return how many tests are new failures, still failures, fixed or added since the run *before*."""
        state = self.run().version, before.number, before.run().version
        if self._changes[0] != state:
            with self._database.reading() as connection:
                self._changes = state, compare.changes(connection, self.number, before.number)
        return self._changes[1]

    def alike(self) -> Sequence[Alike]:
        """Return the sorts of failures, the most frequent first."""
        return self.still(compare.alike)

    def past(self, row: Row, at_most: int) -> Sequence[tuple[int, Past]]:
        """Return how the test of *row* fared in each run of the store, the newest first, with the run's number."""
        with self._database.reading() as connection:
            return compare.past(connection, row.name, row.full_name, at_most)

    def beside(self, row: Row, at_most: int) -> Sequence[Row]:
        """Return the other rows of the same test function: on other devices, or with other parameters."""
        with self._database.reading() as connection:
            return compare.beside(connection, self.number, row.full_name, row.id, at_most)

    def rows(self) -> list[Row]:
        """Return every test that the folder holds now."""
        self.run(-1)
        with self._database.reading() as connection:
            return queries.rows(connection, self.number)

    def attempt(self, identity: str) -> tuple[Row, Row] | None:
        """Return the attempt with uuid *identity*, and the one of the same test that counts."""
        with self._database.reading() as connection:
            return queries.attempt(connection, self.number, identity)

    def ask(self, question: Callable[[Connection, int], _Answer]) -> _Answer:
        """Return the store's answer to a *question* about this run, as of the last look."""
        with self._database.reading() as connection:
            return question(connection, self.number)

    def still(self, question: Callable[[Connection, int], _Answer]) -> _Answer:
        """Return the store's answer to a *question* that changes with the run's rows alone, as of the last look."""
        answers = self._answers
        if question not in answers:
            answers[question] = self.ask(question)
        answer: _Answer = answers[question]
        return answer

    def told(self) -> journal.Journal:
        """Return what the run's journal says now."""
        with self._lock:
            return self._journal.read()

    def container_names(self) -> list[str]:
        """Return the files that tell what set up and took down tests."""
        return sorted(containers(self.path))

    def containers(self, test: str) -> list[allure.Document]:
        """Return what set up and took down the test with uuid *test*, the outermost first."""
        if self._noting.acquire(timeout=_PATIENCE):  # else somebody is at it: what is known so far
            try:
                deque(self._containers.note(containers(self.path)), maxlen=0)
            finally:
                self._noting.release()
        documents = [document for name in self._containers.of(test) if (document := _try(self.path / name)) is not None]
        return sorted(documents, key=lambda document: allure.time(document.get("start")))

    def _refresh(self) -> None:
        if not self._seen.stale(self.path):
            return
        files = scan(self.path)
        self._seen = Seen.of(self.path, files)
        self._ingest.files(files, causes.categories(self.path / "categories.json"))
        self._compare(files)

    def take(self, names: Iterable[str]) -> int:
        """Read the files *names*, which somebody saw change, without a look at the others; return the version then.

        Whoever does so has to tell of each change: until `_RARELY` is over, nobody else looks.
        """
        if not self._lock.acquire(timeout=_PATIENCE):
            return int(self._kept()["version"])
        try:
            found = {name: state for name in names if (state := stamp(self.path / name))}
            if self._seen.at == 0 or len(found) < len(set(names)) or found.keys() & set(BESIDE):
                return self.run().version  # gone, or rules that judge all
            self._ingest.some(found, causes.categories(self.path / "categories.json"))
            self._seen.trust(self.path)
            self._compare(found)
            return self.run().version
        finally:
            self._lock.release()

    def _compare(self, files: Mapping[str, Stamp]) -> None:
        for _ in range(_AGAIN):
            kept = self._kept()
            going = bool(kept["started"] and not kept["ended"])
            now = self._stands(files) if going else Standing()
            same = kept["told"] == kept["version"] and kept["live"] == now.live and self._standing == now
            if same or self._hear(files, kept["version"]):
                return

    def _stands(self, files: Mapping[str, Stamp]) -> Standing:
        found = standing.of(self.told(), max((stamp[0] for stamp in files.values()), default=0) / 1e9)
        return found if found.word else replace(found, news=0)

    def _kept(self) -> Mapping[Any, Any]:
        with self._database.reading() as connection:
            return connection.execute(select(RUN).where(RUN.c.id == self.number)).mappings().one()

    def _hear(self, files: Mapping[str, Stamp], version: int) -> bool:
        """Hold the journal against the results of *version*; tell whether the store still has that one."""
        told, now = self.told(), self._stands(files)
        if now != self._standing:
            self._standing, self._last = now, None
        self._measurements.keep(told)
        with self._database.reading() as connection:
            found = queries.with_files(connection, self.number) if told.started else []
        missing = journal.missing(told, found, now.live, now.hung)
        return self._ingest.journal(missing, version, told.started, told.ended, live=now.live)


def _number(database: Database, path: Path) -> int:
    """Return the number that the run in *path* has in the store."""
    place = os.fsencode(path).decode("utf-8", "backslashreplace")
    with database.writing() as connection:
        connection.execute(adding(connection, RUN).on_conflict_do_nothing(), {"path": place})
        number: int = connection.execute(select(RUN.c.id).where(RUN.c.path == place)).scalar_one()
        return number


def _until(stop: Callable[[], bool], what: str, lefts: Iterator[int]) -> Iterator[tuple[str, int]]:
    for left in lefts:
        yield what, left
        if stop():
            return


def _try(path: Path) -> allure.Document | None:
    try:
        found: allure.Document = allure.read(path)
    except VirtualPytestError:
        return None
    return found
