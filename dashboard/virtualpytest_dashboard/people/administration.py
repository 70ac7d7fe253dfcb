"""What admins do: users, teams, and a look at what everybody did.

/people, /people/audit           the pages (?who=, ?what=, ?page= of the audit log)
/api/users                       GET; POST {"name", "role", "teams"}: the answer has a link to choose a password
/api/users/{user}                PATCH {"role", "teams"}, DELETE
/api/users/{user}/link           POST {}: another link; the user's sessions end with its use
/api/teams                       GET; POST {"name"}
/api/teams/{team}                PATCH {"members": [...], "owns": {"device": [...], ...}}, DELETE
/api/audit                       GET (?who=, ?what=, ?page=)
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from virtualpytest_dashboard import pages
from virtualpytest_dashboard.listing import Asked
from virtualpytest_dashboard.openapi import asks
from virtualpytest_dashboard.people import deeds, door, links, teams, users
from virtualpytest_dashboard.people.own import scripted, written
from virtualpytest_dashboard.people.person import ROLES

_PAGE = 100  # deeds on one page
Role = Literal["viewer", "tester", "admin"]
Kind = Literal["host", "device", "campaign", "run"]
_Thing = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,200}$")]
_Team = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$")]
_Names = Annotated[list[_Thing], Field(max_length=1000)]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewUser(_Sent):
    """A user to be made."""

    name: Annotated[str, Field(pattern=users.NAME)]
    role: Role = "viewer"
    teams: _Names = Field(default_factory=list)


class ChangedUser(_Sent):
    """What is to be different about a user."""

    role: Role | None = None
    teams: _Names | None = None


class NewTeam(_Sent):
    """A team to be made."""

    name: _Team


class ChangedTeam(_Sent):
    """What is to be different about a team: all of its members, all that it owns of a kind."""

    members: _Names | None = None
    owns: dict[Kind, _Names] | None = None


def page(request: Request) -> Response:
    """Show users and teams."""
    with door.database(request).reading() as connection:
        known, groups = users.every(connection), teams.every(connection)
    things = {"host": [], "device": [], "campaign": [], "run": [run.name for run in pages.folders(request).all()]}
    bench = request.app.state.lab and request.app.state.lab.bench()
    if bench:
        lab = bench.lab
        things |= {"host": list(lab.hosts), "device": list(lab.devices), "campaign": list(lab.campaigns)}
    facts: dict[str, Any] = {"users": known, "teams": groups, "roles": ROLES, "kinds": teams.KINDS, "things": things}
    return scripted(pages.render(request, "people/people.html", **facts))


def audit_page(request: Request) -> Response:
    """Show what was done."""
    facts = _told(request)
    with door.database(request).reading() as connection:
        facts |= {"sorts": deeds.sorts(connection), "names": [user.name for user in users.every(connection)]}
    return scripted(pages.render(request, "people/audit.html", **facts))


@asks("who", "what one person did")
@asks("what", "deeds of one sort")
@asks("page", "a hundred each", type="integer", minimum=1)
def every_deed(request: Request) -> Response:
    """Tell what was done, the newest first."""
    facts = _told(request)
    found = [one.plain() for one in facts["deeds"]]
    return JSONResponse({"deeds": found, "total": facts["total"], "page": facts["page"], "pages": facts["pages"]})


def every_user(request: Request) -> Response:
    """Tell all users."""
    with door.database(request).reading() as connection:
        return JSONResponse({"users": [user.plain() for user in users.every(connection)]})


async def add_user(request: Request) -> Response:
    """Make a user, and a link to choose a password with."""

    def add(connection: Connection, request: Request, body: bytes) -> dict[str, Any]:
        asked = NewUser.model_validate_json(body)
        deeds.note(request, user=asked.name, role=asked.role)
        number = users.add(connection, asked.name, asked.role)
        teams.set_teams(connection, number, asked.teams)
        return {"name": asked.name, "link": _link(request, connection, number)}

    return await written(request, add)


async def change_user(request: Request) -> Response:
    """Give a user another role, or other teams."""

    def change(connection: Connection, request: Request, body: bytes) -> dict[str, Any]:
        asked, name = ChangedUser.model_validate_json(body), request.path_params["user"]
        number = users.held(connection, name).id
        deeds.note(request, **({"role": asked.role} if asked.role else {}))
        if asked.role is not None:
            users.set_role(connection, number, asked.role)
        if asked.teams is not None:
            teams.set_teams(connection, number, asked.teams)
        return users.named(connection, name).plain()

    return await written(request, change)


async def remove_user(request: Request) -> Response:
    """Remove a user."""

    def remove(connection: Connection, request: Request, _body: bytes) -> dict[str, Any]:
        users.remove(connection, users.held(connection, request.path_params["user"]).id)
        return {}

    return await written(request, remove)


async def link_user(request: Request) -> Response:
    """Make a link with which a user chooses another password."""

    def link(connection: Connection, request: Request, _body: bytes) -> dict[str, Any]:
        number = users.held(connection, request.path_params["user"]).id
        return {"link": _link(request, connection, number)}

    return await written(request, link)


def every_team(request: Request) -> Response:
    """Tell all teams."""
    with door.database(request).reading() as connection:
        return JSONResponse({"teams": [team.plain() for team in teams.every(connection)]})


async def add_team(request: Request) -> Response:
    """Make a team."""

    def add(connection: Connection, request: Request, body: bytes) -> dict[str, Any]:
        name = NewTeam.model_validate_json(body).name
        deeds.note(request, team=name)
        teams.add(connection, name)
        return teams.named(connection, name).plain()

    return await written(request, add)


async def change_team(request: Request) -> Response:
    """Let a team have other members, or own other things."""

    def change(connection: Connection, request: Request, body: bytes) -> dict[str, Any]:
        asked, name = ChangedTeam.model_validate_json(body), request.path_params["team"]
        if asked.members is not None:
            teams.set_members(connection, name, asked.members)
        if asked.owns is not None:
            teams.set_owned(connection, name, {str(kind): names for kind, names in asked.owns.items()})
        return teams.named(connection, name).plain()

    return await written(request, change)


async def remove_team(request: Request) -> Response:
    """Remove a team."""

    def remove(connection: Connection, request: Request, _body: bytes) -> dict[str, Any]:
        teams.remove(connection, request.path_params["team"])
        return {}

    return await written(request, remove)


def _link(request: Request, connection: Connection, user: int) -> str:
    return str(request.url_for("first", secret=links.add(connection, user)))


def _told(request: Request) -> dict[str, Any]:
    """Return the deeds that were asked for."""
    who, what = (request.query_params.get(word, "").replace("\0", "")[:64] for word in ("who", "what"))
    page = Asked.of(request.query_params).page
    with door.database(request).reading() as connection:
        found, total = deeds.told(connection, who, what, (page - 1) * _PAGE, _PAGE)
    last = max(1, -(-total // _PAGE))
    return {"deeds": found, "total": total, "who": who, "what": what, "page": page, "pages": last}
