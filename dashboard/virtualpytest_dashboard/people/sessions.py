"""Sessions: who has signed in, in which browser, until when."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from virtualpytest_dashboard.people import hidden, teams
from virtualpytest_dashboard.people.person import Person
from virtualpytest_dashboard.people.schema import SESSION, USER
from virtualpytest_dashboard.store.database import Database

IDLE, WHOLE = 12 * 3600.0, 7 * 86400.0  # seconds without a request, and from signing in, after which it ends
_NOTED = 60.0  # seconds between two notes that it goes on


@dataclass(frozen=True)
class Session:
    """One of somebody's sessions."""

    id: int
    created: float
    seen: float
    address: str
    browser: str


def begin(connection: Connection, user: int, address: str, browser: str) -> str:
    """Begin a session of *user* and return its secret, a new one each time; those that are over go."""
    now, secret = time.time(), hidden.made()
    connection.execute(delete(SESSION).where(~_going(now)))
    words = {"address": address[:64], "browser": browser[:120]}
    connection.execute(insert(SESSION).values(digest=hidden.digest(secret), user=user, created=now, seen=now, **words))
    return secret


def person(kept: Database, secret: str) -> Person | None:
    """Return whose session *secret* is of, None where it is of none that goes on."""
    now = time.time()
    wanted = (SESSION.c.digest == hidden.digest(secret)) & (SESSION.c.user == USER.c.id) & _going(now)
    asked = select(SESSION.c.id.label("session"), SESSION.c.seen, USER.c.id, USER.c.name, USER.c.role).where(wanted)
    with kept.reading() as connection:
        row = connection.execute(asked).one_or_none()
        if row is None:
            return None
        owned = teams.owned(connection, row.id, row.role)
    if row.seen < now - _NOTED:
        with kept.writing() as connection:
            connection.execute(update(SESSION).where(SESSION.c.id == row.session).values(seen=now))
    return Person(row.role, row.name, row.id, row.session, page_token(secret), owned=owned)


def page_token(secret: str) -> str:
    """Return what the pages of the session *secret* must know to act."""
    return hidden.digest(f"page {secret}")


def of(connection: Connection, user: int) -> Sequence[Session]:
    """Return the sessions of *user*, the newest first."""
    names = [SESSION.c[name] for name in Session.__dataclass_fields__]
    wanted = (SESSION.c.user == user) & _going(time.time())
    return [Session(*row) for row in connection.execute(select(*names).where(wanted).order_by(SESSION.c.id.desc()))]


def end(connection: Connection, session: int, user: int | None = None) -> bool:
    """End *session*, of *user* where one is given; tell whether there was such a one."""
    wanted = SESSION.c.id == session
    if user is not None:
        wanted &= SESSION.c.user == user
    return connection.execute(delete(SESSION).where(wanted)).rowcount > 0


def end_all(connection: Connection, user: int, besides: int = 0) -> None:
    """End all sessions of *user*, *besides* one."""
    connection.execute(delete(SESSION).where(SESSION.c.user == user, SESSION.c.id != besides))


def _going(now: float) -> ColumnElement[bool]:
    return (SESSION.c.seen >= now - IDLE) & (SESSION.c.created >= now - WHOLE)
