"""What is searched, by pieces of three letters: FTS5 on SQLite, pg_trgm on PostgreSQL, row by row without these.

SQLite's index is filled behind the import, up to the row `SEARCHED`; until it has all of a run, every row of it is
looked at. It holds no text: a row that goes is taken out by a trigger.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, suppress

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    Text,
    column,
    func,
    literal_column,
    select,
    table,
    text,
    update,
)
from sqlalchemy.exc import DBAPIError

from virtualpytest_dashboard.store.schema import RESULT, SEARCHED

_FEW = 20_000  # rows: as many are looked up one by one
_AT_ONCE = 2000  # rows that go into the index in one transaction
_LETTERS = 3
_FOUND = table("found", column("rowid", Integer), column("words", Text))
_FTS5 = (
    "CREATE VIRTUAL TABLE IF NOT EXISTS found USING fts5(words, content='result', content_rowid='id', "
    "tokenize='trigram case_sensitive 1')",
    "CREATE TRIGGER IF NOT EXISTS unfound AFTER DELETE ON result WHEN old.id <= (SELECT upto FROM searched) BEGIN "
    "INSERT INTO found(found, rowid, words) VALUES ('delete', old.id, old.words); END",
    "INSERT OR IGNORE INTO searched (id, upto) VALUES (1, 0)",
)
_SOME = text("INSERT INTO found(rowid, words) SELECT id, words FROM result WHERE id > :upto AND id <= :until")


def prepare(connection: Connection, tables: MetaData) -> None:
    """Make the index beside *tables*, if they are searched and the database can have one."""
    if SEARCHED.name not in tables.tables:
        return
    with suppress(DBAPIError), connection.begin_nested():
        if connection.dialect.name == "postgresql":
            _trigrams(connection)
        else:
            for statement in _FTS5:
                connection.exec_driver_sql(statement)


def _trigrams(connection: Connection) -> None:
    """Index the words in PostgreSQL; the extension outlives the tables, so it is in the schema that stays."""
    of_it = "SELECT nspname FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace WHERE extname = 'pg_trgm'"
    place = connection.exec_driver_sql(of_it).scalar()
    if place is None:
        place = "virtualpytest"
        connection.exec_driver_sql(f"CREATE SCHEMA IF NOT EXISTS {place}")
        connection.exec_driver_sql(f"CREATE EXTENSION pg_trgm SCHEMA {place}")
    by_threes = f'USING gin (words "{place}".gin_trgm_ops)'
    connection.exec_driver_sql(f"CREATE INDEX IF NOT EXISTS result_words ON result {by_threes}")


def taken(writing: Callable[[], AbstractContextManager[Connection]]) -> Iterator[int]:
    """Take all rows into SQLite's index, some at a time; yield how many are left after each."""
    left = 1
    while left:
        with writing() as connection:
            left = _take(connection)
        yield left


def _take(connection: Connection) -> int:
    """Take more rows into SQLite's index, if there is one; return how many are left."""
    if not connection.execute(update(SEARCHED).values(upto=SEARCHED.c.upto)).rowcount:
        return 0
    upto = connection.execute(select(SEARCHED.c.upto)).scalar_one()
    some = select(RESULT.c.id).where(RESULT.c.id > upto).order_by(RESULT.c.id).limit(_AT_ONCE).subquery()
    until = connection.execute(select(func.max(some.c.id))).scalar()
    if until is None:
        return 0
    connection.execute(_SOME, {"upto": upto, "until": until})
    connection.execute(update(SEARCHED).values(upto=until))
    count = connection.execute(select(func.count()).where(RESULT.c.id > until)).scalar_one()
    return int(count)


def found(connection: Connection, run: int, said: str) -> ColumnElement[bool] | None:
    """Return what rows of *run* fulfil that may hold the words of *said*; None where looking at each is as quick."""
    words = [word for word in said.lower().split() if len(word) >= _LETTERS and "\0" not in word]
    upto = connection.execute(select(SEARCHED.c.upto)).scalar() if words else None
    if upto is None:
        return None
    first, last = (connection.execute(select(edge(RESULT.c.id)).where(RESULT.c.run == run)).scalar()
                   for edge in (func.min, func.max))  # fmt: skip
    if first is None or last > upto:
        return None
    matched = _FOUND.c.words.op("MATCH")(_phrases(words))
    hits = select(_FOUND.c.rowid).where(matched, _FOUND.c.rowid.between(first, last))
    many = connection.execute(select(func.count()).select_from(hits.limit(_FEW + 1).subquery())).scalar_one() > _FEW
    in_run = RESULT.c.run + literal_column("0") == run  # so that no index of the run is walked through instead
    return None if many else RESULT.c.id.in_(hits) & in_run


def _phrases(words: Sequence[str]) -> str:
    return " AND ".join('"' + word.replace('"', '""') + '"' for word in words)
