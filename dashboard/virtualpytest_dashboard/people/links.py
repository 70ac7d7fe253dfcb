"""One-time links: with one, the first admin begins, or a user chooses a password."""

from __future__ import annotations

import time

from sqlalchemy import ColumnElement, Connection, delete, insert, select

from virtualpytest_dashboard.people import hidden, users
from virtualpytest_dashboard.people.schema import LINK, USER
from virtualpytest_dashboard.store.database import Database

LASTS = 24 * 3600.0  # seconds
_FIRST = 0  # instead of a user's number: the link of the first admin


def add(connection: Connection, user: int = _FIRST) -> str:
    """Make a link of *user*, or of the first admin, and return its secret; a user's earlier ones end."""
    secret, now = hidden.made(), time.time()
    gone = LINK.c.until < now
    connection.execute(delete(LINK).where(gone | (LINK.c.user == user) if user else gone))
    connection.execute(insert(LINK).values(digest=hidden.digest(secret), user=user, until=now + LASTS))
    return secret


def for_the_first(connection: Connection) -> str:
    """Return the secret of a link for the first admin, nothing where there is a user."""
    secret = add(connection)
    if users.any_at_all(connection):
        connection.execute(delete(LINK).where(LINK.c.user == _FIRST))
        return ""
    return secret


def whose(kept: Database, secret: str) -> str | None:
    """Return whose link *secret* is of, empty for the first admin's; None where it is of none."""
    with kept.reading() as connection:
        row = connection.execute(select(LINK.c.user).where(_good(secret))).one_or_none()
        if row is None or (row.user == _FIRST and users.any_at_all(connection)):
            return None
        return connection.execute(select(USER.c.name).where(USER.c.id == row.user)).scalar() or ""


def use(connection: Connection, secret: str, name: str, password: str) -> tuple[int, str] | None:
    """Spend a link: keep *password* for its user, or the first admin *name*; return who, None where it is spent."""
    user = connection.execute(delete(LINK).where(_good(secret)).returning(LINK.c.user)).scalar()
    if user is None:
        return None
    if user == _FIRST:
        return _first(connection, name, password)
    users.set_password(connection, user, password)
    return user, str(connection.execute(select(USER.c.name).where(USER.c.id == user)).scalar())


def _first(connection: Connection, name: str, password: str) -> tuple[int, str] | None:
    connection.execute(delete(LINK).where(LINK.c.user == _FIRST))
    if users.any_at_all(connection):
        return None
    return users.add(connection, name, "admin", password), name


def _good(secret: str) -> ColumnElement[bool]:
    return (LINK.c.digest == hidden.digest(secret)) & (LINK.c.until >= time.time())
