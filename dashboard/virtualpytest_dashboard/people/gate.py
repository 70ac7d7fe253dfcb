"""The gate: each request is of somebody, and goes on only where its route's row in `needs` lets them.

What acts is noted, before its answer is sent. What is sent for long, as live pictures are, ends within seconds
once the person is signed out, or may see something else.
"""

from __future__ import annotations

import time
import urllib.parse
from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from virtualpytest_dashboard import needs, pages
from virtualpytest_dashboard.guard import OFF, Guard
from virtualpytest_dashboard.people import deeds
from virtualpytest_dashboard.people.person import Person

_AGAIN = 5.0  # seconds after which somebody who is still being sent something is looked at again
_POLICY = 1008  # the code of a WebSocket that is refused


class Gate:
    """Lets in who may come in."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse to."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        asked = HTTPConnection(scope)
        route, names = _route(scope)
        guard: Guard = scope["app"].state.guard
        person = asked.state.person = await run_in_threadpool(guard.person, asked)
        need = needs.of(route)
        watch = _Watch(asked, person, send, names, route)
        if need is not None and person.may(need):
            await watch.over(self.app, receive)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": _POLICY})
        else:
            refusal = await run_in_threadpool(_refusal, Request(scope), person, need)
            await refusal(scope, receive, watch.send if person.role else send)


class _Ended(Exception):
    """What is being sent is no longer for who gets it."""


class _Watch:
    """What is sent to one person."""

    def __init__(self, asked: HTTPConnection, person: Person, send: Send, names: Mapping[str, Any], route: str) -> None:
        self._asked, self._person, self._send, self._names, self._route = asked, person, send, names, route
        self._acting = deeds.acting(str(asked.scope.get("method", "GET")), route)
        self._looked, self._whole = time.monotonic(), False

    async def over(self, app: ASGIApp, receive: Receive) -> None:
        """Let *app* send, as long as the person may be sent it."""
        try:
            await app(self._asked.scope, receive, self.send)
        except* _Ended:
            if self._asked.scope["type"] == "websocket":
                await self._send({"type": "websocket.close", "code": _POLICY})
            else:
                await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def send(self, message: Message) -> None:
        """Send one message."""
        if message["type"] == "http.response.start":
            self._whole = any(name.lower() == b"content-length" for name, _ in message["headers"])
            if self._acting and message["status"] != 429 and (self._person.role or deeds.noted(self._asked)):
                await run_in_threadpool(self._keep, message["status"])
        elif not self._whole and time.monotonic() - self._looked > _AGAIN:
            self._looked = time.monotonic()
            if await run_in_threadpool(self._asked.app.state.guard.person, self._asked) != self._person:
                raise _Ended
        await self._send(message)

    def _keep(self, status: int) -> None:
        deeds.keep(self._asked.app.state.kept, self._asked, self._route, self._names, status)


def _route(scope: Scope) -> tuple[str, Mapping[str, Any]]:
    """Return the name of the route that will answer, and the names in its address."""
    found: tuple[str, Mapping[str, Any]] = (needs.MISSING, {})
    for route in scope["app"].routes:
        match, child = route.matches(scope)
        if match is Match.FULL:
            return getattr(route, "name", ""), child["path_params"]
        if match is Match.PARTIAL and found[0] == needs.MISSING:
            found = getattr(route, "name", ""), child["path_params"]
    return found


def _refusal(request: Request, person: Person, need: needs.Need | None) -> Response:
    if not person.role:
        return _unknown(request)
    said = "Nobody may do this: its route has no row in needs.py." if need is None else _why(request, person, need)
    if _machine(request):
        return JSONResponse({"error": said}, 403)
    return pages.render(request, "error.html", 403, title="Not for you", said=said)


def _unknown(request: Request) -> Response:
    if _machine(request):
        words = "Sign in, or send a token: Authorization: Bearer vpt_…"
        return JSONResponse({"error": words}, 401, {"WWW-Authenticate": "Bearer"})
    query = f"?{request.url.query}" if request.url.query else ""
    wanted = urllib.parse.quote(f"{request.url.path}{query}", safe="/")
    return RedirectResponse(f"{request.url_for('sign-in').path}?next={wanted}", 303)


def _why(request: Request, person: Person, need: needs.Need) -> str:
    guard: Guard = request.app.state.guard
    if not guard.on():
        return OFF if need.role == "tester" else "This dashboard has no users: start it with --users."
    if need.scope == "person" and not person.session:
        return f"The token {person.by!r} may not do this: it is for {person.name} alone, signed in."
    who = f"The token {person.by!r} of {person.name}" if person.by else f"{person.name}, {person.role},"
    return f"{who} may not do this: it needs {person.lacks(need)}."


def _machine(request: Request) -> bool:
    """Tell whether no person waits for a page."""
    page = request.method in {"GET", "HEAD"} and "text/html" in request.headers.get("accept", "")
    return not page or request.url.path.startswith("/api/") or "authorization" in request.headers
