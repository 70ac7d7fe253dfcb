"""Who asks, and whether what acts comes from a page of theirs."""

from __future__ import annotations

import secrets

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from virtualpytest_dashboard.people import person as people
from virtualpytest_dashboard.people import sessions, tokens, users
from virtualpytest_dashboard.people.person import NOBODY, Person
from virtualpytest_dashboard.store.database import Database

TOKEN = "x-virtualpytest-token"
OFF = "This dashboard only looks: start it with --control to take devices."
COOKIE = "virtualpytest"


class Guard:
    """Knows people by the sessions and tokens in *kept*, once there are *users* or it was told that there shall be.

    Before, everybody looks, and acts if *control* is on: pages of this process know its *token*.
    """

    def __init__(self, control: bool, kept: Database, *, users: bool = False) -> None:
        self.control = control
        self.token = secrets.token_urlsafe(32)
        self._kept, self._on = kept, users

    def on(self) -> bool:
        """Tell whether people have to say who they are."""
        if not self._on:
            with self._kept.reading() as connection:
                self._on = users.any_at_all(connection)
        return self._on

    def person(self, request: HTTPConnection) -> Person:
        """Return who sends *request*, `NOBODY` where that is not known."""
        if not self.on():
            return Person("tester", token=self.token) if self.control else Person("viewer")
        scheme, _, secret = request.headers.get("authorization", "").partition(" ")
        if scheme:
            return (scheme.lower() == "bearer" and tokens.person(self._kept, secret.strip())) or NOBODY
        secret = request.cookies.get(cookie(request), "")
        return (secret and sessions.person(self._kept, secret)) or NOBODY

    def check(self, request: HTTPConnection) -> None:
        """Raise HTTPException, 403, for a request that may not act: no program's token, and from no page of ours."""
        if people.of(request).scopes is None:
            self.check_page(request, request.headers.get(TOKEN, ""))

    def check_page(self, request: HTTPConnection, token: str) -> None:
        """Raise HTTPException, 403, unless *request* comes from a page of ours that knows *token*."""
        check_origin(request)
        own = people.of(request).token or self.token
        if not secrets.compare_digest(token.encode(), own.encode()):
            raise HTTPException(403, "The page is not of this dashboard's present process: load it again.")


def same_origin(request: HTTPConnection) -> bool:
    """Tell whether *request* says that a page of this dashboard sent it; a browser does not let pages lie."""
    origin = request.headers.get("origin", "")
    return origin.partition("://")[2] == request.headers.get("host", "") != ""


def check_origin(request: HTTPConnection) -> None:
    """Raise HTTPException, 403, unless a page of this dashboard sent *request*."""
    if not same_origin(request):
        raise HTTPException(403, "The request does not come from a page of this dashboard.")


def welcome(request: HTTPConnection) -> bool:
    """Tell whether a page of ours sends *request*, or a program with a token: not whoever makes a browser send it."""
    return people.of(request).scopes is not None or same_origin(request)


def secure(request: HTTPConnection) -> bool:
    """Tell whether *request* came encrypted, to us or to the proxy before us."""
    forwarded = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip()
    return request.url.scheme in {"https", "wss"} or forwarded == "https"


def cookie(request: HTTPConnection) -> str:
    """Return the name of the cookie that has the session: where it can be, one that no other site may set."""
    return f"__Host-{COOKIE}" if secure(request) else COOKIE
