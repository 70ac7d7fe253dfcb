"""From files to rows, a batch at a time: each batch is in the store whole or not at all, and never twice.

Several dashboards may read one folder into one store: each begins somewhere else, and leaves to the others what they
have read. Whoever writes holds the row of its run, until the batch is in.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, bindparam, case, delete, func, insert, select, update

from pytest_virtualpytest.exceptions import VirtualPytestError
from virtualpytest_dashboard import allure, causes, labels
from virtualpytest_dashboard.records import RANK, Row
from virtualpytest_dashboard.rows import fold, row
from virtualpytest_dashboard.store.batches import batches, from_anywhere
from virtualpytest_dashboard.store.database import Database, put
from virtualpytest_dashboard.store.queries import named, restored
from virtualpytest_dashboard.store.schema import FILE, LABELS, RESULT, RUN

RESULT_FILE = "-result.json"
UNFINISHED = f"{RESULT_FILE}.tmp"  # as allure-pytest calls a result until all of it is written
_SAME = "says the same uuid as "

Stamp = tuple[int, int]  # nanoseconds since the epoch when it was written, and bytes


@dataclass(frozen=True)
class Read:
    """What reading the file *name* gave: a row, a reason why there is none, or neither where it tells of no test."""

    name: str
    stamp: Stamp
    row: Row | None = None
    why: str = ""


class Ingest:
    """Brings what the store has of the run *number*, in the folder *path*, up to the files there."""

    def __init__(self, database: Database, number: int, path: Path) -> None:
        self._database = database
        self._run = number
        self._path = path
        self._version = -1  # of the last look, and one more for each of our batches: another one says that others write
        self._told: tuple[int, Mapping[str, Row]] = -1, {}  # what was written last of the journal, and the version then

    def files(self, files: Mapping[str, Stamp], rules: Sequence[causes.Category]) -> None:
        """Read what is new in *files*, and forget what is gone."""
        digest = hashlib.sha256(repr(rules).encode()).hexdigest()
        known = self._known(digest)
        changed = {name: stamp for name, stamp in files.items() if known.get(name) != stamp}
        gone = {name for name in known.keys() - files.keys() if self._is_gone(name)}
        if gone:
            self._forget(gone, changed, files)
        self._take(changed, rules)

    def some(self, files: Mapping[str, Stamp], rules: Sequence[causes.Category]) -> None:
        """Read what is new in *files*, and leave all others as they are."""
        self._version = -1
        self._take(files, rules)

    def _take(self, files: Mapping[str, Stamp], rules: Sequence[causes.Category]) -> None:
        for names in from_anywhere(batches(files)):
            new = self._missing({name: files[name] for name in names})
            if new:
                self._keep([self._read(name, stamp, rules) for name, stamp in new.items()])

    def _known(self, digest: str) -> dict[str, Stamp]:
        with self._database.reading() as connection:
            self._version, rules = connection.execute(_state(self._run)).one()
            if rules == digest:
                return _stamps(connection, self._run)
        with self._database.writing() as connection:
            connection.execute(_hold(self._run))
            self._version, rules = connection.execute(_state(self._run)).one()
            if rules != digest:  # nobody else was quicker
                self._version += 1
                connection.execute(_touch(self._run).values(rules=digest))
                connection.execute(delete(RESULT).where(RESULT.c.run == self._run, RESULT.c.file != ""))
                connection.execute(delete(FILE).where(FILE.c.run == self._run))
            return _stamps(connection, self._run)

    def _is_gone(self, name: str) -> bool:
        """Tell whether a file is there no longer: somebody else may have read one that came after our look."""
        return name.endswith(UNFINISHED) or not os.path.lexists(self._path / name)

    def _missing(self, files: Mapping[str, Stamp]) -> Mapping[str, Stamp]:
        """Return those of *files* that the store has not as they are now."""
        with self._database.reading() as connection:
            version, _ = connection.execute(_state(self._run)).one()
            if version == self._version:
                return files
            known = _stamps(connection, self._run, files)
        return {name: stamp for name, stamp in files.items() if known.get(name) != stamp}

    def _read(self, name: str, stamp: Stamp, rules: Sequence[causes.Category]) -> Read:
        if name.endswith(UNFINISHED):
            return Read(name, stamp, why="not written to its end: who wrote it has ended")
        if not name.endswith(RESULT_FILE):
            return Read(name, stamp)
        try:
            return Read(name, stamp, row(allure.read(self._path / name), allure.text(name), rules))
        except VirtualPytestError as error:
            return Read(name, stamp, why=error.message)

    def _forget(self, gone: Iterable[str], changed: dict[str, Stamp], files: Mapping[str, Stamp]) -> None:
        """Forget the files *gone*; what was a copy may now be the only one, so it is read again."""
        with self._database.writing() as connection:
            connection.execute(_touch(self._run))
            keys: set[str] = set()
            for names in batches(gone):
                keys |= _remove(connection, self._run, names)
            _refold(connection, self._run, keys)
            of_copies = (FILE.c.run == self._run) & FILE.c.copy
            copies = connection.execute(select(FILE.c.name).where(of_copies)).scalars().all()
            connection.execute(delete(FILE).where(of_copies))
            changed.update({name: files[name] for name in copies if name in files})

    def _keep(self, found: Sequence[Read]) -> None:
        with self._database.writing() as connection:
            connection.execute(_touch(self._run))
            version, _ = connection.execute(_state(self._run)).one()
            if version != self._version + 1:
                known = _stamps(connection, self._run, [item.name for item in found])
                found = [item for item in found if known.get(item.name) != item.stamp]
            if found:
                self._put(connection, found)
            else:  # somebody else was quicker
                connection.rollback()
                return
        self._version += 1

    def _put(self, connection: Connection, found: Sequence[Read]) -> None:
        keys = _remove(connection, self._run, [item.name for item in found])
        taken = _uuids(connection, self._run, [item.row.id for item in found if item.row])
        kept = list(_sort_out(found, taken))
        put(connection, FILE, [_file(self._run, item) for item in kept])
        rows = [item.row for item in kept if item.row]
        _add(connection, self._run, rows)
        _refold(connection, self._run, keys | {key for item in rows if (key := digest_of(item))})

    def journal(self, rows: Sequence[Row], seen: int, started: int, ended: int, *, live: bool) -> bool:
        """Keep *rows*, of tests that only the journal knows, and the times of the run that it tells.

        False says that the store's version is no longer *seen*, that of the results which the journal was held against.
        """
        now = {"started": started, "ended": ended, "live": live}
        with self._database.writing() as connection:
            connection.execute(_hold(self._run))
            was = connection.execute(select(RUN).where(RUN.c.id == self._run)).mappings().one()
            if was["version"] != seen:
                return False
            before = self._told[1] if self._told[0] == was["told"] else self._journalled(connection)
            after = {item.id: item for item in rows}
            gone = [uuid for uuid, known in before.items() if after.get(uuid) != known]
            new = [item for item in rows if before.get(item.id) != item]
            for batch in batches(gone):
                connection.execute(delete(RESULT).where(RESULT.c.run == self._run, RESULT.c.uuid.in_(batch)))
            _add(connection, self._run, new)
            changed = gone or new or any(was[name] != value for name, value in now.items())
            version = seen + 1 if changed else seen
            connection.execute(update(RUN).where(RUN.c.id == self._run).values(version=version, told=version, **now))
        self._told = version, after
        return True

    def _journalled(self, connection: Connection) -> Mapping[str, Row]:
        """Return the rows that the store has from the journal alone, by their uuid."""
        kept = select(RESULT).where(RESULT.c.run == self._run, RESULT.c.file == "")
        return {item["uuid"]: restored(item) for item in connection.execute(kept).mappings()}


def _state(run: int) -> Any:
    return select(RUN.c.version, RUN.c.rules).where(RUN.c.id == run)


def _stamps(connection: Connection, run: int, names: Iterable[str] | None = None) -> dict[str, Stamp]:
    """Return when the files that were read, or those of *names*, had been written, and their sizes."""
    of_these = [FILE.c.run == run, *([] if names is None else [FILE.c.name.in_(list(names))])]
    found = connection.execute(select(FILE.c.name, FILE.c.mtime, FILE.c.size).where(*of_these))
    return {name: (mtime, size) for name, mtime, size in found}


def _hold(run: int) -> Any:
    """Return what keeps everybody else from writing of the run until the end."""
    return update(RUN).where(RUN.c.id == run).values(version=RUN.c.version)


def _touch(run: int) -> Any:
    return update(RUN).where(RUN.c.id == run).values(version=RUN.c.version + 1)


def _remove(connection: Connection, run: int, names: Sequence[str]) -> set[str]:
    """Remove what *names* gave, and return the keys of its rows."""
    of_these = (RESULT.c.run == run) & RESULT.c.file.in_([allure.text(name) for name in names])
    keys = {key for key in connection.execute(select(RESULT.c.key).where(of_these)).scalars() if key}
    connection.execute(delete(RESULT).where(of_these))
    connection.execute(delete(FILE).where(FILE.c.run == run, FILE.c.name.in_(names)))
    return keys


def _uuids(connection: Connection, run: int, uuids: Sequence[str]) -> dict[str, str]:
    of_these = select(RESULT.c.uuid, RESULT.c.file).where(RESULT.c.run == run, RESULT.c.uuid.in_(uuids))
    return {item.uuid: item.file for item in connection.execute(of_these)}


def _sort_out(found: Iterable[Read], taken: dict[str, str]) -> Iterator[Read]:
    """Yield *found*, where a second file about one test is a copy that says so."""
    for item in found:
        if item.row and item.row.id in taken:
            yield Read(item.name, item.stamp, why=f"{_SAME}{taken[item.row.id]}")
            continue
        if item.row:
            taken[item.row.id] = item.row.file
        yield item


def _file(run: int, item: Read) -> dict[str, object]:
    (mtime, size), copy = item.stamp, item.why.startswith(_SAME)
    return {"run": run, "name": item.name, "mtime": mtime, "size": size, "why": item.why, "copy": copy}


def _add(connection: Connection, run: int, rows: Sequence[Row]) -> None:
    """Insert *rows*, and what they are filed under where that is new in the run."""
    if not rows:
        return
    put(connection, RESULT, [values(run, item) for item in rows])
    filed = {labels.number(found): found for found in map(_filed, rows) if found}
    of_run = select(LABELS.c.number).where(LABELS.c.run == run, LABELS.c.number.in_(filed))
    for number in filed.keys() - set(connection.execute(of_run).scalars()):
        named = dict(zip(labels.COLUMNS, filed[number], strict=True))
        connection.execute(insert(LABELS), {"run": run, "number": number, **named})


def _filed(item: Row) -> labels.Filed:
    return item.labels if item.file else labels.of_module(item.full_name)


def digest_of(item: Row) -> str:
    """Return what is equal for the attempts of one test, short."""
    return hashlib.sha256(repr(item.key).encode()).hexdigest()[:32] if item.key else ""


def values(run: int, item: Row) -> dict[str, object]:
    """Return *item* as the table has it, an attempt by itself until it is folded."""
    searched = (item.name, item.full_name, item.message, item.device, item.host, item.category)
    return {
        "run": run,
        "uuid": item.id,
        "file": item.file,
        "key": digest_of(item),
        "newest": item.id,
        "shown": True,
        "attempt": 1,
        "rank": RANK[item.verdict],
        "name": item.name,
        "full_name": item.full_name,
        **named(item.name, item.full_name),
        "verdict": item.verdict,
        "category": item.category,
        "cause": item.cause,
        "device": item.device,
        "host": item.host,
        "message": item.message,
        "start": item.start,
        "stop": item.stop,
        "took": item.duration,
        "picture": item.picture,
        "alike": item.alike,
        "words": " ".join(searched).lower(),
        "labels": labels.number(_filed(item)),
    }


def _refold(connection: Connection, run: int, keys: Iterable[str]) -> None:
    """Tell again which attempt counts, among those with *keys*."""
    for batch in batches(keys):
        of_these = (RESULT.c.run == run) & RESULT.c.key.in_(batch)
        counting = case((RESULT.c.shown, 1), else_=0)
        retried = (func.count() > 1) | (func.max(RESULT.c.attempt) > 1) | (func.sum(counting) != 1)
        several = select(RESULT.c.key).where(of_these).group_by(RESULT.c.key).having(retried)
        found = connection.execute(select(RESULT).where(RESULT.c.run == run, RESULT.c.key.in_(several))).mappings()
        marks = [mark for newest in fold(map(restored, found)) for mark in _marks(newest)]
        if marks:
            wanted = (RESULT.c.run == run) & (RESULT.c.uuid == bindparam("which"))
            connection.execute(update(RESULT).where(wanted), marks)


def _marks(newest: Row) -> Iterator[dict[str, object]]:
    attempts = [*reversed(newest.earlier), newest]
    for number, item in enumerate(attempts, 1):
        yield {"which": item.id, "newest": newest.id, "shown": item is newest, "attempt": number}
