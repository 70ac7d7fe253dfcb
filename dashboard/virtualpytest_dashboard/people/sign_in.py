"""Signing in and out, by plain forms that need no script, and by /api/auth for programs.

/sign-in                GET the form, POST name, password, next
/sign-out               POST, with the page's token
/first/{secret}         GET, POST: a one-time link, to choose a password
/api/auth               GET who asks; POST {"name", "password"} signs in, PATCH changes the password, DELETE signs out
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from virtualpytest_dashboard import acting, guard, pages
from virtualpytest_dashboard.people import door, links, person, sessions, users

_FORM = "application/x-www-form-urlencoded"
_Password = Annotated[str, Field(max_length=users.LONGEST)]


class Credentials(BaseModel):
    """Who signs in."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    name: Annotated[str, Field(max_length=64)]
    password: _Password


class Passwords(BaseModel):
    """The password of now, and another one."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)
    password: _Password
    new: _Password


def form(request: Request) -> Response:
    """Show the form, or what was asked for to who has signed in."""
    wanted = safe(request.query_params.get("next", ""))
    if person.of(request).session:
        return RedirectResponse(wanted, 303)
    abroad = request.headers.get("sec-fetch-site") == "cross-site"  # no browser sends the cookie along a foreign link
    return _page(request, "people/on.html" if abroad else "people/sign-in.html", next=wanted)


async def sign_in(request: Request) -> Response:
    """Sign in with the form."""
    return await _formed(request, "people/sign-in.html", _signed_in)


async def sign_out(request: Request) -> Response:
    """Sign out with the form."""

    def leave(request: Request, said: Mapping[str, str]) -> Response:
        _guard(request).check_page(request, said.get("token", ""))
        door.leave(request)
        response = RedirectResponse(request.url_for("sign-in").path, 303)
        door.remember(request, response, "")
        return response

    return await _formed(request, "error.html", leave)


def first(request: Request) -> Response:
    """Show the form of a one-time link."""
    whose = links.whose(door.database(request), request.path_params["secret"])
    if whose is None:
        raise HTTPException(404, door.SPENT)
    return _page(request, "people/first.html", whose=whose)


async def use_first(request: Request) -> Response:
    """Choose a password with a one-time link."""

    def chosen(request: Request, said: Mapping[str, str]) -> Response:
        if said.get("password") != said.get("again"):
            raise HTTPException(422, "password: the two are not the same")
        secret = door.first(request, request.path_params["secret"], said.get("name", ""), said.get("password", ""))
        return _entered(request, secret, request.url_for("runs").path)

    return await _formed(request, "people/first.html", chosen)


def me(request: Request) -> Response:
    """Tell who asks, and what they may."""
    one = person.of(request)
    scopes = sorted(one.scopes) if one.scopes is not None else None
    return JSONResponse({"name": one.name, "role": one.role, "token": one.by or None, "scopes": scopes})


async def api_sign_in(request: Request) -> Response:
    """Sign in: the answer has the cookie of a session, and the token that its requests send when they act."""
    secrets: list[str] = []

    def enter(request: Request, body: bytes) -> dict[str, Any]:
        if "origin" in request.headers:
            guard.check_origin(request)
        asked = Credentials.model_validate_json(body)
        secrets.append(door.enter(request, asked.name, asked.password))
        return {"name": asked.name.strip().lower(), "token": sessions.page_token(secrets[0])}

    response = await acting.told(request, enter)
    for secret in secrets:
        door.remember(request, response, secret)
    return response


async def api_password(request: Request) -> Response:
    """Choose another password; one's other sessions end."""

    def change(request: Request, body: bytes) -> dict[str, Any]:
        asked = Passwords.model_validate_json(body)
        door.change(request, asked.password, asked.new)
        return {}

    return await acting.acted(request, change)


async def api_sign_out(request: Request) -> Response:
    """Sign out."""

    def leave(request: Request, _body: bytes) -> dict[str, Any]:
        door.leave(request)
        return {}

    return await acting.acted(request, leave)


def safe(wanted: str) -> str:
    """Return the address *wanted* if it is one of this dashboard, however a browser reads it; else its first."""
    return wanted if re.fullmatch(r"/(?!/)[!-\[\]-~]*", wanted) else "/"


def _signed_in(request: Request, said: Mapping[str, str]) -> Response:
    secret = door.enter(request, said.get("name", ""), said.get("password", ""))
    return _entered(request, secret, safe(said.get("next", "")))


def _entered(request: Request, secret: str, wanted: str) -> Response:
    response = RedirectResponse(wanted, 303)
    door.remember(request, response, secret)
    return response


async def _formed(request: Request, template: str, act: Callable[[Request, Mapping[str, str]], Response]) -> Response:
    """Let *act* do what a form of our own says, or show *template* with what went wrong."""
    said: Mapping[str, str] = {}
    try:
        guard.check_origin(request)
        said = _fields(await acting.read(request, _FORM))
        return await run_in_threadpool(act, request, said)
    except HTTPException as error:
        if error.status_code in {404, 413, 415}:
            raise
        facts = {"name": said.get("name", ""), "next": safe(said.get("next", "")), "whose": said.get("whose", "")}
        shown = _page(request, template, error.status_code, said=error.detail, title="Not so", **facts)
        shown.headers.update(error.headers or {})
        return shown


def _fields(body: bytes) -> Mapping[str, str]:
    return dict(urllib.parse.parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=10))


def _page(request: Request, template: str, status: int = 200, **facts: Any) -> Response:
    response = pages.render(request, template, status, **{"shortest": users.SHORTEST, **facts})
    response.headers["Cache-Control"] = "no-store"
    return response


def _guard(request: Request) -> guard.Guard:
    return acting.guard(request)
