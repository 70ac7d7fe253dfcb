"""One PostgreSQL database for several dashboards: what was read in a schema of its own, what people made in another."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, MetaData, create_engine, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.schema import CreateSchema

from pytest_virtualpytest.exceptions import ConfigError, VirtualPytestError
from virtualpytest_dashboard.store import search

PASSWORD_FILE = "VPT_DATABASE_PASSWORD_FILE"
KEPT_SCHEMA = "virtualpytest"
_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
_FORM = "postgresql://USER@HOST/NAME"
_PATIENCE = 10  # seconds for a connection


def address(said: str) -> URL:
    """Return the address that *said* is; a ConfigError says why it is none, a VirtualPytestError what is missing."""
    try:
        url = make_url(said)
    except (ArgumentError, ValueError) as error:
        raise ConfigError(f"the dashboard's database: no address; it has the form {_FORM}") from error
    if url.drivername not in _SCHEMES:
        raise ConfigError(f"the dashboard's database: {url.drivername!r} is not known; it has the form {_FORM}")
    if not url.database:
        raise ConfigError(f"the dashboard's database: {shown(url)} names none; it has the form {_FORM}")
    _driver()
    return url.set(drivername="postgresql+psycopg", password=url.password or _kept_password())


def _kept_password() -> str | None:
    """Return the password in the file of PASSWORD_FILE; None where there is none: the driver knows more places."""
    path = os.environ.get(PASSWORD_FILE)
    try:
        return Path(path).read_text(encoding="utf-8").strip() if path else None
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "no text"
        raise ConfigError(f"the dashboard's database: {PASSWORD_FILE}: {path}: {why}") from error


def shown(url: URL) -> str:
    """Return *url* without its password, which may stand in either of two places."""
    bare = url.difference_update_query(["password"])._replace(drivername="postgresql", password=None)
    return bare.render_as_string()


def engine(url: URL, schema: str) -> Engine:
    """Return what reaches *url*, where a table's name alone means the one in *schema*."""
    named = {"options": f"-c search_path={schema}", "application_name": "virtualpytest"}
    patient = {"connect_timeout": _PATIENCE}
    return create_engine(url, connect_args={**named, **patient}, pool_size=5, max_overflow=5, pool_pre_ping=True)


def make(engine: Engine, schema: str, tables: MetaData) -> None:
    """Make what is missing of *schema* and its *tables*; a ConfigError says why that cannot be."""
    try:
        with engine.begin() as connection:
            encoding = connection.execute(text("SHOW server_encoding")).scalar_one()
            if encoding == "UTF8":
                _made(connection, schema, tables)
    except DBAPIError as error:
        engine.dispose()
        raise ConfigError(f"{_where(engine)}: {_why(error)}") from None  # its parts may hold the password
    if encoding != "UTF8":
        engine.dispose()
        raise ConfigError(f"{_where(engine)}: its encoding is {encoding}; make it anew: createdb -E UTF8 NAME")


def _made(connection: Connection, schema: str, tables: MetaData) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(8400)"))  # dashboards that start together
    if not connection.execute(text("SELECT to_regnamespace(:name)"), {"name": schema}).scalar():
        connection.execute(CreateSchema(schema))
    tables.create_all(connection)
    search.prepare(connection, tables)


def _where(engine: Engine) -> str:
    return f"the dashboard's database {shown(engine.url)}"


def _why(error: DBAPIError) -> str:
    """Return the first of the driver's own words: they tell of no password."""
    return next(iter(str(error.orig).strip().splitlines()), type(error.orig).__name__)


def _driver() -> None:
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        todo = "pip install 'virtualpytest[postgresql]'"
        raise VirtualPytestError(f"a PostgreSQL database needs virtualpytest[postgresql]: {todo}") from error
