"""Teams: who is in them, and which hosts, devices, campaigns and runs are theirs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Connection, Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from starlette.exceptions import HTTPException

from virtualpytest_dashboard.people.person import Thing
from virtualpytest_dashboard.people.schema import MEMBER, OWNED, TEAM, USER

KINDS = ("host", "device", "campaign", "run")
_Member = TypeVar("_Member")


@dataclass(frozen=True)
class Team:
    """A team, the names of its *members*, and what it *owns*, by kind."""

    id: int
    name: str
    members: Sequence[str] = ()
    owns: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def plain(self) -> dict[str, object]:
        """Return it as JSON has it."""
        return {"name": self.name, "members": list(self.members), "owns": {k: list(v) for k, v in self.owns.items()}}


def owned(connection: Connection, user: int, role: str) -> Mapping[Thing, bool] | None:
    """Return each thing that teams own, and whether one of *user*'s does; None for an admin, who sees all."""
    if role == "admin":
        return None
    mine = set(connection.execute(select(MEMBER.c.team).where(MEMBER.c.user == user)).scalars())
    found: dict[Thing, bool] = {}
    for kind, name, team in connection.execute(select(OWNED.c.kind, OWNED.c.name, OWNED.c.team)):
        found[kind, name] = found.get((kind, name), False) or team in mine
    return found


def every(connection: Connection) -> list[Team]:
    """Return all teams, by name."""
    members = _grouped(connection.execute(select(MEMBER.c.team, USER.c.name).where(MEMBER.c.user == USER.c.id)))
    owns = _grouped((team, (kind, name)) for kind, name, team in connection.execute(select(OWNED)))
    rows = connection.execute(select(TEAM.c.id, TEAM.c.name).order_by(TEAM.c.name))
    return [Team(one, name, sorted(members.get(one, ())), _by_kind(owns.get(one, ()))) for one, name in rows]


def named(connection: Connection, name: str) -> Team:
    """Return the team *name*, or answer 404."""
    found = next((team for team in every(connection) if team.name == name), None)
    if found is None:
        raise HTTPException(404, f"there is no team {name!r}")
    return found


def add(connection: Connection, name: str) -> None:
    """Make the team *name*; 409 where there is one."""
    try:
        connection.execute(insert(TEAM).values(name=name))
    except IntegrityError:
        raise HTTPException(409, f"there is a team {name!r} already") from None


def remove(connection: Connection, name: str) -> None:
    """Remove the team *name*: what it alone owned is nobody's, and seen by all."""
    team = _held(connection, name)
    for table in (MEMBER, OWNED):
        connection.execute(delete(table).where(table.c.team == team))
    connection.execute(delete(TEAM).where(TEAM.c.id == team))


def set_members(connection: Connection, name: str, users: Iterable[str]) -> None:
    """Let *users* be the members of the team *name*; 404 names one who is no user."""
    team = _held(connection, name)
    numbers = [_number(connection, USER, user) for user in dict.fromkeys(users)]
    connection.execute(delete(MEMBER).where(MEMBER.c.team == team))
    for number in numbers:
        connection.execute(insert(MEMBER).values(team=team, user=number))


def set_teams(connection: Connection, user: int, names: Iterable[str]) -> None:
    """Let *user* be in the teams *names*, and in no others; 404 names one that is no team."""
    connection.execute(delete(MEMBER).where(MEMBER.c.user == user))
    for name in dict.fromkeys(names):
        connection.execute(insert(MEMBER).values(team=_number(connection, TEAM, name), user=user))


def set_owned(connection: Connection, name: str, owns: Mapping[str, Iterable[str]]) -> None:
    """Let the team *name* own what *owns* has of each kind that is in it."""
    team = _held(connection, name)
    for kind, things in owns.items():
        connection.execute(delete(OWNED).where(OWNED.c.team == team, OWNED.c.kind == kind))
        for thing in dict.fromkeys(things):
            connection.execute(insert(OWNED).values(kind=kind, name=thing, team=team))


def _held(connection: Connection, name: str) -> int:
    """Return the number of the team *name*, which nobody else changes before this is done."""
    connection.execute(update(TEAM).values(id=TEAM.c.id))
    return _number(connection, TEAM, name)


def _number(connection: Connection, table: Table, name: str) -> int:
    known = {row.name: int(row.id) for row in connection.execute(select(table.c.name, table.c.id))}
    if name not in known:
        raise HTTPException(404, f"there is no {table.name.removeprefix('people_')} {name!r}")
    return known[name]


def _grouped(pairs: Iterable[tuple[int, _Member]]) -> dict[int, list[_Member]]:
    found: dict[int, list[_Member]] = {}
    for number, member in pairs:
        found.setdefault(number, []).append(member)
    return found


def _by_kind(things: Iterable[Thing]) -> dict[str, list[str]]:
    return {kind: sorted(name for of, name in things if of == kind) for kind in KINDS}
