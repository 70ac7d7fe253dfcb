"""What people made here, and no results can bring back: a database of its own, never begun anew.

Its tables are in the modules that use them, all in `KEPT`; tables and columns are only ever added.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, MetaData
from sqlalchemy.exc import DatabaseError

from pytest_virtualpytest.exceptions import ConfigError
from virtualpytest_dashboard.store.database import PLACE, Database

KEPT = MetaData()
_NAME = "dashboard.sqlite"


def at(roots: list[Path], database: URL | None, *, users: bool = False) -> Database:
    """Return what is kept in *database*, beside the results in *roots* where there is none.

    A ConfigError says that there shall be *users*, and no place to keep them.
    """
    kept = Database(database, KEPT) if database else beside(roots)
    if users and kept.passing:
        kept.close()
        where = roots[0] / PLACE / _NAME if roots else PLACE
        todo = "let this account write there, or name another place with --database"
        raise ConfigError(f"{where}: a link, or not to be written: users would be gone with the dashboard; {todo}")
    return kept


def beside(roots: list[Path]) -> Database:
    """Return what is kept beside the first of *roots*; where nothing may be written, what goes with the process.

    A ConfigError says that the file is damaged, and where it is.
    """
    place = roots[0] / PLACE if roots else None
    if place is None or place.is_symlink():
        return Database(None, KEPT)
    try:
        place.mkdir(mode=0o700, exist_ok=True)
        return Database(place / _NAME, KEPT, again=False)
    except OSError:
        return Database(None, KEPT)
    except DatabaseError as error:
        if "readonly" in str(error) or "unable to open" in str(error):
            return Database(None, KEPT)
        todo = "put a copy of it back, or move it away to begin anew"
        raise ConfigError(f"{place / _NAME}: {error.orig}; {todo}") from error
