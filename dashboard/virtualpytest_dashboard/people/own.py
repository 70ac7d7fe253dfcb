"""What is one's own: password, sessions, and the tokens that programs act with.

/me                              the page
/api/sessions                    GET one's own
/api/sessions/{session}          DELETE signs that browser out; an admin anybody's
/api/tokens                      GET one's own; an admin everybody's, with ?all
                                 POST {"name", "scopes", "days"}: the answer has the secret, this once
/api/tokens/{token}              PATCH {"name"}, DELETE; an admin anybody's
"""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from virtualpytest_dashboard import acting, needs, pages
from virtualpytest_dashboard.openapi import asks
from virtualpytest_dashboard.people import deeds, door, person, sessions, tokens, users

_DAYS = 366
_LARGEST = 2**31  # a number of the database is less
Scope = Literal["read", "control", "campaigns", "upload", "admin"]
_Name = Annotated[str, Field(pattern=r"^[^\x00-\x1f\x7f]{1,64}$")]


class Wanted(BaseModel):
    """A token to be made."""

    model_config = ConfigDict(extra="forbid")
    name: _Name
    scopes: Annotated[list[Scope], Field(min_length=1)]
    days: Annotated[int, Field(ge=1, le=_DAYS)] = 90


class Renamed(BaseModel):
    """Another name of a token."""

    model_config = ConfigDict(extra="forbid")
    name: _Name


def page(request: Request) -> Response:
    """Show one's own password, sessions and tokens."""
    me = person.of(request)
    with door.database(request).reading() as connection:
        mine, programs = sessions.of(connection, me.id), tokens.of(connection, me.id)
    facts: dict[str, Any] = {"sessions": mine, "tokens": programs, "now": time.time()}
    limits: dict[str, Any] = {"scopes": needs.SCOPES, "days": _DAYS, "shortest": users.SHORTEST}
    return scripted(pages.render(request, "people/me.html", **facts, **limits))


def scripted(response: Response) -> Response:
    """Let our scripts run on the page, and nobody keep it."""
    response.headers["Content-Security-Policy"] = pages.SCRIPTED
    response.headers["Cache-Control"] = "no-store"
    return response


def every_session(request: Request) -> Response:
    """Tell one's sessions."""
    me = person.of(request)
    with door.database(request).reading() as connection:
        found = sessions.of(connection, me.id)
    return JSONResponse({"sessions": [asdict(one) | {"this": one.id == me.session} for one in found]})


async def end_session(request: Request) -> Response:
    """Sign a browser out."""

    def end(connection: Connection, request: Request, _body: bytes) -> dict[str, Any]:
        _found(sessions.end(connection, number(request, "session"), _only(request)), "session")
        return {}

    return await written(request, end)


@asks("all", "everybody's, for admins")
def every_token(request: Request) -> Response:
    """Tell one's tokens, or everybody's, without their secrets."""
    me = person.of(request)
    user = None if me.role == "admin" and "all" in request.query_params else me.id
    with door.database(request).reading() as connection:
        return JSONResponse({"tokens": [one.plain() for one in tokens.of(connection, user)]})


async def add_token(request: Request) -> Response:
    """Make a token."""

    def add(connection: Connection, request: Request, body: bytes) -> dict[str, Any]:
        asked = Wanted.model_validate_json(body)
        until = time.time() + asked.days * 86400
        made, secret = tokens.add(connection, person.of(request).id, asked.name, asked.scopes, until)
        deeds.note(request, token=str(made), scopes=" ".join(asked.scopes))
        return {"id": made, "until": until, "secret": secret}

    return await written(request, add)


async def rename_token(request: Request) -> Response:
    """Give a token another name."""

    def rename(connection: Connection, request: Request, body: bytes) -> dict[str, Any]:
        name = Renamed.model_validate_json(body).name
        _found(tokens.rename(connection, number(request, "token"), name, _only(request)), "token")
        return {}

    return await written(request, rename)


async def revoke_token(request: Request) -> Response:
    """End a token."""

    def revoke(connection: Connection, request: Request, _body: bytes) -> dict[str, Any]:
        _found(tokens.revoke(connection, number(request, "token"), _only(request)), "token")
        return {}

    return await written(request, revoke)


async def written(request: Request, write: Any) -> Response:
    """Let *write* change what is kept, all of it or nothing."""

    def answer(request: Request, body: bytes) -> dict[str, Any]:
        with door.database(request).writing() as connection:
            told: dict[str, Any] = write(connection, request, body)
            return told

    return await acting.acted(request, answer)


def number(request: Request, name: str) -> int:
    """Return the number *name* of the path; 404 where nothing can have it."""
    text = request.path_params[name]
    if not (text.isascii() and text.isdigit() and len(text) < 11 and int(text) < _LARGEST):
        raise HTTPException(404, f"there is no {name} {text[:40]!r}")
    return int(text)


def _only(request: Request) -> int | None:
    """Return whose things alone may be changed; None where anybody's."""
    me = person.of(request)
    return None if me.role == "admin" else me.id


def _found(there: bool, what: str) -> None:
    if not there:
        raise HTTPException(404, f"there is no such {what} of yours")
