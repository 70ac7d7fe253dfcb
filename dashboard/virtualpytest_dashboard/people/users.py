"""Users: their names, roles and passwords."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, false, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from starlette.exceptions import HTTPException

from virtualpytest_dashboard.people import hidden
from virtualpytest_dashboard.people.schema import LINK, MEMBER, SESSION, TEAM, TOKEN, USER

NAME = r"^[a-z0-9][a-z0-9._@+-]{0,63}$"  # one way to write each: nobody looks like another
SHORTEST, LONGEST = 10, 1000  # letters of a password


@dataclass(frozen=True)
class User:
    """A user; *waits* for a password to be chosen."""

    id: int
    name: str
    role: str
    waits: bool
    teams: Sequence[str] = ()

    def plain(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {"name": self.name, "role": self.role, "teams": list(self.teams), "waits": self.waits}


def any_at_all(connection: Connection) -> bool:
    """Tell whether there is a user."""
    return connection.execute(select(USER.c.id).limit(1)).scalar() is not None


def every(connection: Connection) -> list[User]:
    """Return all users, by name."""
    teams: dict[int, list[str]] = {}
    for number, team in connection.execute(select(MEMBER.c.user, TEAM.c.name).where(MEMBER.c.team == TEAM.c.id)):
        teams.setdefault(number, []).append(team)
    rows = connection.execute(select(USER).order_by(USER.c.name))
    return [User(row.id, row.name, row.role, not row.password, sorted(teams.get(row.id, ()))) for row in rows]


def named(connection: Connection, name: str) -> User:
    """Return the user *name*, or answer 404."""
    found = next((user for user in every(connection) if user.name == name), None)
    if found is None:
        raise HTTPException(404, f"there is no user {name!r}")
    return found


def add(connection: Connection, name: str, role: str, password: str = "") -> int:
    """Make a user, with what is kept of a password if there is one, and return the number; 409 where there is one."""
    try:
        row = insert(USER).values(name=name, role=role, password=password, created=time.time())
        return int(connection.execute(row.returning(USER.c.id)).scalar_one())
    except IntegrityError:
        raise HTTPException(409, f"there is a user {name!r} already") from None


def held(connection: Connection, name: str) -> User:
    """Return the user *name*, or answer 404; nobody else makes or ends admins before this is done."""
    connection.execute(update(USER).where(USER.c.role == "admin").values(role="admin"))
    return named(connection, name)


def set_role(connection: Connection, number: int, role: str) -> None:
    """Give a user, who is held, another role; 409 where no admin would be left."""
    connection.execute(update(USER).where(USER.c.id == number).values(role=role))
    _some_admin(connection)


def remove(connection: Connection, number: int) -> None:
    """Remove a user, who is held, with sessions, tokens and links; 409 where no admin would be left."""
    for table in (SESSION, TOKEN, MEMBER, LINK):
        connection.execute(delete(table).where(table.c.user == number))
    connection.execute(delete(USER).where(USER.c.id == number))
    _some_admin(connection)


def password(connection: Connection, name: str) -> tuple[int, str]:
    """Return the number of the user *name* and what is kept of the password; 0 and nothing where there is none."""
    plain = re.fullmatch(NAME, name) is not None  # what is none may not even be asked for
    asked = select(USER.c.id, USER.c.password).where(USER.c.name == name if plain else false())
    row = connection.execute(asked).one_or_none()
    return (int(row.id), str(row.password)) if row else (0, "")


def set_password(connection: Connection, number: int, kept: str) -> None:
    """Keep *kept* of a user's password."""
    connection.execute(update(USER).where(USER.c.id == number).values(password=kept))


def good_name(name: str) -> str:
    """Return *name*, or answer 422 where nobody can be called so."""
    if not re.fullmatch(NAME, name):
        raise HTTPException(422, "name: it begins with a letter or digit; then letters, digits and . _ @ + - follow")
    return name


def good(name: str, chosen: str) -> str:
    """Return what is kept of the password that was *chosen*, or answer 422 with what is wrong with it."""
    if not SHORTEST <= len(chosen) <= LONGEST:
        raise HTTPException(422, f"password: {len(chosen)} letters; it has {SHORTEST} at least, and at most {LONGEST}")
    if chosen.casefold() == name.casefold() or len(set(chosen)) < 4:
        raise HTTPException(422, "password: it is the name, or has fewer than four different letters")
    return hidden.of_password(chosen)


def _some_admin(connection: Connection) -> None:
    if not connection.execute(select(func.count()).where(USER.c.role == "admin")).scalar():
        raise HTTPException(409, "nobody would be an admin any more: make another one first")
