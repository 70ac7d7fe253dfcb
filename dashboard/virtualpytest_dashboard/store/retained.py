"""Which runs are kept whatever their age, and which were removed, in what is kept of what people made."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Column, Connection, Float, String, Table, delete, insert, select

from virtualpytest_dashboard.store.database import Database, adding
from virtualpytest_dashboard.store.keeping import KEPT
from virtualpytest_dashboard.store.schema import WORDS

MARK = Table(
    "run_mark",
    KEPT,
    Column("key", String(64), primary_key=True),  # a digest of the run's folder
    Column("by", WORDS, nullable=False),
    Column("at", Float, nullable=False),
)
REMOVED = Table(
    "run_removed",
    KEPT,
    Column("key", String(64), primary_key=True),
    Column("at", Float, primary_key=True),
    Column("title", WORDS, nullable=False),
    Column("path", WORDS, nullable=False),
    Column("why", WORDS, nullable=False),
)


def mark(kept: Database, path: Path, by: str, *, keep: bool) -> None:
    """Note that the run in *path* is kept, or no more."""
    with kept.writing() as connection:
        if keep:
            row = {"key": _key(path), "by": by, "at": time.time()}
            connection.execute(adding(connection, MARK).values(row).on_conflict_do_nothing())
        else:
            connection.execute(delete(MARK).where(MARK.c.key == _key(path)))


def marked(kept: Database, path: Path) -> bool:
    """Tell whether the run in *path* is kept whatever its age."""
    with kept.reading() as connection:
        return connection.execute(select(MARK.c.key).where(MARK.c.key == _key(path))).first() is not None


def note(kept: Database, path: Path, title: str, why: str) -> None:
    """Note that the run in *path* was removed, and why; it is marked no more."""
    with kept.writing() as connection:
        place = os.fsencode(path).decode("utf-8", "backslashreplace")
        row = {"key": _key(path), "at": time.time(), "title": title, "path": place, "why": why}
        connection.execute(insert(REMOVED), row)


def removed(connection: Connection, at_most: int) -> Sequence[Any]:
    """Return what was removed, the newest first."""
    return connection.execute(select(REMOVED).order_by(REMOVED.c.at.desc()).limit(at_most)).all()


def _key(path: Path) -> str:
    return hashlib.sha256(os.fsencode(path)).hexdigest()
