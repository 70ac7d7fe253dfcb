"""One database for what a dashboard shows: SQLite beside the results unless told otherwise.

A database of PostgreSQL serves several dashboards, on several machines.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, MetaData, Table, create_engine, event, inspect
from sqlalchemy.exc import DatabaseError

from virtualpytest_dashboard.store import postgresql, search
from virtualpytest_dashboard.store.schema import METADATA

PLACE = ".virtualpytest"
_NUMBER = 8  # goes up with the tables: what an older dashboard made is left alone
_NAME = f"results-{_NUMBER}.sqlite"
_PATIENCE = 30  # seconds that a writer waits for another process


class Database:
    """The *tables* in a SQLite file at *place*, or in PostgreSQL; without one, in a file that goes with this object.

    A damaged file is begun anew if *again*, which says that its content can be made again. *shared* tells of
    PostgreSQL, *passing* of what goes with this object.
    """

    def __init__(self, place: Path | URL | None = None, tables: MetaData = METADATA, *, again: bool = True) -> None:
        own = None if place else tempfile.mkdtemp(prefix="virtualpytest-")
        self.shared, self.passing = isinstance(place, URL), own is not None
        if isinstance(place, URL):
            schema = f"virtualpytest_results_{_NUMBER}" if tables is METADATA else postgresql.KEPT_SCHEMA
            self._engine = postgresql.engine(place, schema)
            postgresql.make(self._engine, schema, tables)
        else:
            self._engine = _file(place or Path(str(own)) / _NAME, tables, again)
        self._end = weakref.finalize(self, _let_go, self._engine, own)
        one_state = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True} if self.shared else {}
        self._reading = self._engine.execution_options(**one_state)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the store."""
        with self._reading.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose changes are all kept at the end, or none; its first statement must write."""
        with self._engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Let go of the file."""
        self._end()


def adding(connection: Connection, table: Table) -> Any:
    """Return an insert into *table* that can also say what happens to a row that is there: ``on_conflict_…``."""
    dialect = import_module(f"sqlalchemy.dialects.{connection.dialect.name}")  # PostgreSQL's alone takes long to load
    return dialect.insert(table)


def put(connection: Connection, table: Table, rows: Sequence[Mapping[str, object]]) -> None:
    """Insert *rows*, all with the same columns, into *table*: SQLite's driver takes them as they are, much quicker."""
    if connection.dialect.name != "sqlite":
        connection.execute(table.insert(), rows)
        return
    names = ", ".join(f'"{name}"' for name in rows[0])
    values = ", ".join(f":{name}" for name in rows[0])
    connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({values})", rows)


def beside(roots: list[Path]) -> Database:
    """Return the store beside the first of *roots*; where none may be, one that goes with the process."""
    place = roots[0] / PLACE if roots else None
    with suppress(OSError, DatabaseError):
        if place is not None and not place.is_symlink():
            place.mkdir(mode=0o700, exist_ok=True)
            return Database(place / _NAME)
    return Database()


def _file(path: Path, tables: MetaData, again: bool) -> Engine:
    engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": _PATIENCE})
    event.listen(engine, "connect", _prepare)
    try:
        _make(engine, tables)
    except DatabaseError as error:
        engine.dispose()
        if not again or not _damaged(error):
            raise
        path.unlink(missing_ok=True)  # damaged: all of it is in the results too
        _make(engine, tables)
    return engine


def _make(engine: Engine, tables: MetaData) -> None:
    """Make the tables that are missing, one dashboard at a time."""
    with engine.connect() as connection:
        if tables.tables.keys() - set(inspect(connection).get_table_names()):
            connection.rollback()
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            tables.create_all(connection)
            search.prepare(connection, tables)
            connection.commit()


def _damaged(error: DatabaseError) -> bool:
    return any(words in str(error) for words in ("not a database", "malformed"))


def _let_go(engine: Engine, own: str | None) -> None:
    engine.dispose()
    if own:
        shutil.rmtree(own, ignore_errors=True)


def _prepare(connection: Any, _: object) -> None:
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=OFF", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}").close()
