"""One database for what a dashboard shows: SQLite beside the results unless told otherwise."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, MetaData, create_engine, event
from sqlalchemy.exc import DatabaseError

from virtualpytest_dashboard.store.schema import METADATA

PLACE = ".virtualpytest"
_NAME = "results-4.sqlite"  # the number goes up with the tables: an older file is left alone
_PATIENCE = 30  # seconds that a writer waits for another process


class Database:
    """The tables in a SQLite file at *path*; without one, in a file that goes with this object.

    A damaged file is begun anew if *again*, which says that its content can be made again.
    """

    def __init__(self, path: Path | None = None, tables: MetaData = METADATA, *, again: bool = True) -> None:
        own = None if path else tempfile.mkdtemp(prefix="virtualpytest-")
        self.path = path or Path(str(own)) / _NAME
        self._engine = create_engine(f"sqlite:///{self.path}", connect_args={"timeout": _PATIENCE})
        self._end = weakref.finalize(self, _let_go, self._engine, own)
        event.listen(self._engine, "connect", _prepare)
        self._make(tables, again)

    def _make(self, tables: MetaData, again: bool) -> None:
        try:
            tables.create_all(self._engine)
        except DatabaseError as error:
            if not again or not _damaged(error):
                raise
            self._engine.dispose()
            self.path.unlink()  # damaged: all of it is in the results too
            tables.create_all(self._engine)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the store."""
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose changes are all kept at the end, or none; its first statement must write."""
        with self._engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Let go of the file."""
        self._end()


def beside(roots: list[Path]) -> Database:
    """Return the store beside the first of *roots*; where none may be, one that goes with the process."""
    place = roots[0] / PLACE if roots else None
    with suppress(OSError, DatabaseError):
        if place is not None and not place.is_symlink():
            place.mkdir(mode=0o700, exist_ok=True)
            return Database(place / _NAME)
    return Database()


def _damaged(error: DatabaseError) -> bool:
    return any(words in str(error) for words in ("not a database", "malformed"))


def _let_go(engine: Engine, own: str | None) -> None:
    engine.dispose()
    if own:
        shutil.rmtree(own, ignore_errors=True)


def _prepare(connection: Any, _: object) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=OFF", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}").close()
