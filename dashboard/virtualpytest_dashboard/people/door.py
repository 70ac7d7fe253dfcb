"""Signing in and out."""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from virtualpytest_dashboard import guard
from virtualpytest_dashboard.people import attempts, deeds, hidden, links, person, sessions, users
from virtualpytest_dashboard.store.database import Database

_WRONG = "The name or the password is wrong."
_WRONG_NOW = "password: the one of now is wrong"
SPENT = "This link has been used, or is over: an admin makes another one."


def enter(request: Request, name: str, password: str) -> str:
    """Sign *name* in and return the secret of a new session; 401 where that is wrong, 429 where it was too often."""
    kept, name = database(request), name.strip().lower()[:64]
    who = {"account": name, "address": deeds.address(request)}
    with kept.writing() as connection:
        attempts.begin(connection, who)
    number, known = _known(request, name, password)
    anew = hidden.of_password(password) if hidden.outdated(known) else ""
    with kept.writing() as connection:
        attempts.succeeded(connection, who)
        if anew:
            users.set_password(connection, number, anew)
        return _begin(connection, request, number)


def first(request: Request, secret: str, name: str, password: str) -> str:
    """Spend a one-time link, and return the secret of a new session; 404 where it is spent, 422 says what is wrong."""
    kept = database(request)
    whose = links.whose(kept, secret)
    if whose is None:
        raise HTTPException(404, SPENT)
    name = whose or users.good_name(name.strip().lower())
    chosen = users.good(name, password)
    with kept.writing() as connection:
        used = links.use(connection, secret, name, chosen)
        if used is None:
            raise HTTPException(404, SPENT)
        deeds.note(request, who=used[1])
        sessions.end_all(connection, used[0])
        return _begin(connection, request, used[0])


def change(request: Request, password: str, chosen: str) -> None:
    """Let who asks have another password, and end their other sessions; 403 where the one of now is wrong."""
    me, kept = person.of(request), database(request)
    who = {"account": me.name, "address": deeds.address(request)}
    with kept.writing() as connection:
        attempts.begin(connection, who)
    with kept.reading() as connection:
        known = users.password(connection, me.name)[1]
    if not hidden.fits(known, password):
        raise HTTPException(403, _WRONG_NOW)
    anew = users.good(me.name, chosen)
    with kept.writing() as connection:
        attempts.succeeded(connection, who)
        users.set_password(connection, me.id, anew)
        sessions.end_all(connection, me.id, besides=me.session)


def leave(request: Request) -> None:
    """End the session of who asks."""
    with database(request).writing() as connection:
        sessions.end(connection, person.of(request).session)


def remember(request: Request, response: Response, secret: str) -> None:
    """Let the browser keep the *secret* of a session, out of reach of scripts and of other sites; none ends that."""
    safe: dict[str, Any] = {"httponly": True, "samesite": "strict", "secure": guard.secure(request), "path": "/"}
    response.set_cookie(guard.cookie(request), secret, max_age=int(sessions.WHOLE) if secret else 0, **safe)


def database(request: HTTPConnection) -> Database:
    """Return what people have made here."""
    found: Database = request.app.state.kept
    return found


def _known(request: Request, name: str, password: str) -> tuple[int, str]:
    with database(request).reading() as connection:
        number, known = users.password(connection, name)
    deeds.note(request, who=name if number else "")
    if not hidden.fits(known, password):
        raise HTTPException(401, _WRONG)
    return number, known


def _begin(connection: Any, request: Request, number: int) -> str:
    """Begin a session in the place of the one that this browser has."""
    if session := person.of(request).session:
        sessions.end(connection, session)
    return sessions.begin(connection, number, deeds.address(request), request.headers.get("user-agent", ""))
