"""The application: addresses, safety, and what is said when something is missing.

/                                     runs
/flaky                                tests whose verdicts are not steady
/notes, /api/quarantine               what people say of tests
/api/runs                             where CI sends them
/removed                              runs that were too old, or too many
/measurements, /measurements/{name}   what was measured in them
/runs/{run}                           one run and its tests
/runs/{run}/timeline                  what each device did when
/runs/{run}/by/{what}                 its tests by suite, tag, category, …
/runs/{run}/compare                   it against any other
/runs/{run}/export.zip, .html         all of it, to take away
/runs/{run}/tests/{uuid}              one test
/runs/{run}/attachments/{name}        a file beside the results
/runs/{run}/events                    its changes, as they come
/healthz, /metrics                    for scripts, and for Prometheus; /health too
/lab, /api, /ws/lab                   the lab: see `lab.routes`
/sign-in, /me, /people, /api          people: see `people.routes`
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from pathlib import Path

from sqlalchemy import URL
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from virtualpytest_dashboard import pages, uploads
from virtualpytest_dashboard.folders import Folders
from virtualpytest_dashboard.guard import Guard
from virtualpytest_dashboard.lab.routes import ROUTES as LAB
from virtualpytest_dashboard.lab.site import Site
from virtualpytest_dashboard.people.gate import Gate
from virtualpytest_dashboard.people.routes import ROUTES as PEOPLE
from virtualpytest_dashboard.routes import ROUTES as RESULTS
from virtualpytest_dashboard.store import keeping
from virtualpytest_dashboard.store.database import Database

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
_HEADERS = {
    "Content-Security-Policy": pages.SAFETY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


def create_app(
    folders: Sequence[Path],
    hosts: Sequence[str] = LOOPBACK,
    lab: Site | None = None,
    *,
    control: bool = False,
    kept: Database | None = None,
    database: URL | None = None,
    users: bool = False,
) -> Starlette:
    """Return the dashboard over *folders* and *lab*; it answers only requests that name one of *hosts*.

    Where there are *users*, or any are known, people sign in, and their role decides; without, they look, and act where
    *control*. What they make is in *kept*. Both this and what was read are in *database*, in
    files beside the first of *folders* unless told otherwise.
    """
    app = Starlette(
        routes=[
            *RESULTS,
            *PEOPLE,
            *(LAB if lab else ()),
            Mount("/static", StaticFiles(directory=pages.HERE / "static"), name="static"),
        ],
        middleware=[
            Middleware(SafetyHeaders),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts)),
            Middleware(Gate),
        ],
        exception_handlers={HTTPException: _missing, 500: _broken},
    )
    app.state.folders = Folders(folders, Database(database) if database else None)
    uploads.clear(app.state.folders.roots)
    app.state.kept = kept or keeping.at(app.state.folders.roots, database, users=users)
    app.state.guard = Guard(control, app.state.kept, users=users)
    app.state.lab = lab
    return app


class SafetyHeaders:
    """Add to each response what keeps a page from acting, unless it says so itself."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the headers added."""

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, guarded)


def _missing(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    said = error.detail if error.detail != phrase else f"There is nothing at {request.url.path}."
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": said}, error.status_code, error.headers)
    response = pages.render(request, "error.html", error.status_code, title=phrase, said=said)
    response.headers.update(error.headers or {})
    return response


def _broken(request: Request, error: Exception) -> Response:
    said = f"This page could not be made: {type(error).__name__}. The terminal of the dashboard says more."
    response = pages.render(request, "error.html", 500, title="The dashboard failed", said=said)
    response.headers.update(_HEADERS)
    return response
