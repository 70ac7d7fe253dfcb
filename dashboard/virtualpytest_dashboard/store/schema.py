"""The tables: runs, the files that were read of each, one row for each attempt of a test, and what it measured."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
)

from virtualpytest_dashboard.labels import COLUMNS

METADATA = MetaData()


class _Words(TypeDecorator[str]):
    """Text that PostgreSQL takes, which knows no character of the code 0, in the order that SQLite has."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Return *value* as it can be kept."""
        return value.replace("\0", "\ufffd") if value else value


WORDS = Text().with_variant(_Words(collation="C"), "postgresql")

RUN = Table(
    "run",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("path", WORDS, nullable=False, unique=True),
    Column("version", Integer, nullable=False, default=0),  # one more with each change of its rows
    Column("told", Integer, nullable=False, default=0),  # the version with which the journal was compared last
    Column("rules", WORDS, nullable=False, default=""),  # of categories.json, by which its rows were judged
    Column("started", BigInteger, nullable=False, default=0),
    Column("ended", BigInteger, nullable=False, default=0),
    Column("live", Boolean, nullable=False, default=False),
)

FILE = Table(
    "file",
    METADATA,
    Column("run", ForeignKey("run.id"), primary_key=True),
    Column("name", WORDS, primary_key=True),
    Column("mtime", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("why", WORDS, nullable=False),  # it cannot be read; empty where it can
    Column("copy", Boolean, nullable=False, default=False),  # another file says the same uuid
)

RESULT = Table(
    "result",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("run", ForeignKey("run.id"), nullable=False),
    Column("file", WORDS, nullable=False),  # empty: known from the journal alone
    Column("uuid", WORDS, nullable=False),
    Column("key", WORDS, nullable=False),  # equal for the attempts of one test
    Column("newest", WORDS, nullable=False),  # uuid of the attempt that counts
    Column("shown", Boolean, nullable=False),  # it is that attempt
    Column("attempt", Integer, nullable=False),
    Column("rank", Integer, nullable=False),
    Column("name", WORDS, nullable=False),
    Column("full_name", WORDS, nullable=False),
    Column("function", BigInteger, nullable=False),  # digests of the full name, and of it with the name: an index of
    Column("test", BigInteger, nullable=False),  # PostgreSQL takes no long text
    Column("verdict", WORDS, nullable=False),
    Column("category", WORDS, nullable=False),
    Column("cause", WORDS, nullable=False),
    Column("device", WORDS, nullable=False),
    Column("host", WORDS, nullable=False),
    Column("message", WORDS, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("stop", BigInteger, nullable=False),
    Column("took", BigInteger, nullable=False),
    Column("picture", WORDS, nullable=False),
    Column("alike", WORDS, nullable=False),  # equal for failures of one sort
    Column("words", WORDS, nullable=False),  # what is searched, in small letters
    Column("labels", BigInteger, nullable=False),  # the number of what it is filed under; 0 for nothing
    Index("result_uuid", "run", "uuid", unique=True),
    Index("result_file", "run", "file"),
    Index("result_key", "run", "key"),
    Index("result_order", "run", "shown", "rank", "start"),
    Index("result_test", "function", "test", "run"),
    Index("result_device", "device", "start"),
    Index("result_run", "run", "id"),
    sqlite_autoincrement=True,  # the search's index knows rows by their number: none is given twice
)

SEARCHED = Table(
    "searched",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("upto", Integer, nullable=False),  # the last row that is in SQLite's index for searches; no row: it has none
)

LABELS = Table(
    "labels",
    METADATA,
    Column("run", ForeignKey("run.id"), primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),  # a digest of the rest: many results share it
    *(Column(name, WORDS, nullable=False) for name in COLUMNS),
)

CHILD = Table(
    "child",
    METADATA,
    Column("run", ForeignKey("run.id"), primary_key=True),
    Column("file", WORDS, primary_key=True),
    Column("uuid", WORDS, primary_key=True),  # of a result that this container set up; empty where it names none
    Index("child_uuid", "run", "uuid"),
)

FIGURE = Table(
    "figure",
    METADATA,
    Column("run", ForeignKey("run.id"), primary_key=True),
    Column("number", Integer, primary_key=True),  # of the verdict in the journal that tells it
    Column("place", Integer, primary_key=True),  # in that verdict; -1 where none of it is a figure
    Column("began", BigInteger, nullable=False),  # when the run began: a folder may see several
    Column("name", WORDS, nullable=False),
    Column("unit", WORDS, nullable=False),
    Column("value", Float, nullable=False),
    Column("minimum", Float),
    Column("maximum", Float),
    Column("outside", Boolean, nullable=False),
    Column("device", WORDS, nullable=False),
    Column("host", WORDS, nullable=False),
    Column("test", WORDS, nullable=False),
    Column("uuid", WORDS, nullable=False),  # of the result; empty while it is not there
    Column("at", BigInteger, nullable=False),
    Index("figure_name", "name", "run", "at"),
    Index("figure_outside", "run", "outside", "at"),
)
