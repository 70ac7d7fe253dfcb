"""API tokens: what a program acts with for a user, within its scopes and its time."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from virtualpytest_dashboard.people import hidden, teams
from virtualpytest_dashboard.people.person import Person
from virtualpytest_dashboard.people.schema import TOKEN, USER
from virtualpytest_dashboard.store.database import Database

PREFIX = "vpt_"
_NOTED = 60.0  # seconds between two notes that it is used


@dataclass(frozen=True)
class Token:
    """A token, without its secret; *used* is None where it never was."""

    id: int
    user: str
    name: str
    scopes: Sequence[str]
    created: float
    until: float
    used: float | None

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def add(connection: Connection, user: int, name: str, scopes: Iterable[str], until: float) -> tuple[int, str]:
    """Make a token of *user*; return its number and its secret, which is never to be had again."""
    secret, words = hidden.made(PREFIX), " ".join(sorted(set(scopes)))
    row = insert(TOKEN).values(digest=hidden.digest(secret), user=user, name=name, scopes=words, until=until,
                               created=time.time())  # fmt: skip
    return int(connection.execute(row.returning(TOKEN.c.id)).scalar_one()), secret


def person(kept: Database, secret: str) -> Person | None:
    """Return for whom *secret* acts, None where it is no token, or one that is over."""
    now = time.time()
    fits = (TOKEN.c.digest == hidden.digest(secret)) & (TOKEN.c.user == USER.c.id)
    columns = (TOKEN.c.id.label("token"), TOKEN.c.name.label("by"), TOKEN.c.scopes, TOKEN.c.used)
    with kept.reading() as connection:
        asked = select(*columns, USER.c.id, USER.c.name, USER.c.role).where(fits, TOKEN.c.until > now)
        row = connection.execute(asked).one_or_none()
        if row is None:
            return None
        owned = teams.owned(connection, row.id, row.role)
    if (row.used or 0) < now - _NOTED:
        with kept.writing() as connection:
            connection.execute(update(TOKEN).where(TOKEN.c.id == row.token).values(used=now))
    return Person(row.role, row.name, row.id, by=row.by, scopes=frozenset(row.scopes.split()), owned=owned)


def of(connection: Connection, user: int | None = None) -> list[Token]:
    """Return the tokens of *user*, or everybody's, the newest first."""
    names = (TOKEN.c.id, USER.c.name, TOKEN.c.name, TOKEN.c.scopes, TOKEN.c.created, TOKEN.c.until, TOKEN.c.used)
    asked = select(*names).where(TOKEN.c.user == USER.c.id).order_by(TOKEN.c.id.desc())
    rows = connection.execute(asked if user is None else asked.where(TOKEN.c.user == user))
    return [Token(number, owner, name, scopes.split(), *times) for number, owner, name, scopes, *times in rows]


def rename(connection: Connection, number: int, name: str, user: int | None) -> bool:
    """Call a token *name*, of *user* where one is given; tell whether there is such a one."""
    return connection.execute(update(TOKEN).where(*_one(number, user)).values(name=name)).rowcount > 0


def revoke(connection: Connection, number: int, user: int | None) -> bool:
    """End a token, of *user* where one is given; tell whether there was such a one."""
    return connection.execute(delete(TOKEN).where(*_one(number, user))).rowcount > 0


def _one(number: int, user: int | None) -> list[Any]:
    return [TOKEN.c.id == number] + ([TOKEN.c.user == user] if user is not None else [])
