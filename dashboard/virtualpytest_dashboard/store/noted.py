"""Notes on tests, in what is kept of what people made."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields

from sqlalchemy import Boolean, Column, Connection, Float, String, Table, delete, select

from virtualpytest_dashboard.store.database import Database, adding
from virtualpytest_dashboard.store.keeping import KEPT
from virtualpytest_dashboard.store.schema import WORDS


@dataclass(frozen=True)
class Note:
    """What is said of the test *name*; *test* is its node id, *by* who said it."""

    name: str
    full_name: str
    test: str = ""
    owner: str = ""
    note: str = ""
    link: str = ""
    quarantine: bool = False
    by: str = ""
    at: float = 0.0

    @property
    def known(self) -> bool:
        """Tell whether a failure is nothing new."""
        return self.quarantine or self.link != ""

    @property
    def said(self) -> bool:
        """Tell whether anything is said."""
        return bool(self.owner or self.note or self.known)


NOTE = Table(
    "note",
    KEPT,
    Column("key", String(64), primary_key=True),  # a digest of both names
    *(Column(name, WORDS, nullable=False) for name in ("name", "full_name", "test", "owner", "note", "link", "by")),
    Column("quarantine", Boolean, nullable=False),
    Column("at", Float, nullable=False),  # when it was said
)
_COLUMNS = [NOTE.c[field.name] for field in fields(Note)]


def keep(kept: Database, note: Note) -> None:
    """Keep *note* in the place of what was said before; take that away where it says nothing."""
    key = _key(note.name, note.full_name)
    row = {**asdict(note), "at": time.time()}
    with kept.writing() as connection:
        if not note.said:
            connection.execute(delete(NOTE).where(NOTE.c.key == key))
            return
        adds = adding(connection, NOTE).values(key=key, **row)
        connection.execute(adds.on_conflict_do_update(index_elements=["key"], set_=row))


def every(connection: Connection) -> Sequence[Note]:
    """Return all notes."""
    return [Note(*row) for row in connection.execute(select(*_COLUMNS))]


def one(connection: Connection, name: str, full_name: str) -> Note:
    """Return what is said of the test of these names."""
    row = connection.execute(select(*_COLUMNS).where(NOTE.c.key == _key(name, full_name))).first()
    return Note(*row) if row else Note(name, full_name)


def _key(name: str, full_name: str) -> str:
    return hashlib.sha256(f"{name}\n{full_name}".encode()).hexdigest()
