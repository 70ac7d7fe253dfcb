"""Who may act: pages of this dashboard, in a browser on this machine, and only where it was started for that."""

from __future__ import annotations

import secrets

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

TOKEN = "x-virtualpytest-token"
OFF = "This dashboard only looks: start it with --control to take devices."


class Guard:
    """Lets requests act if *control* is on, that come from our own pages and know this process's *token*."""

    def __init__(self, control: bool) -> None:
        self.control = control
        self.token = secrets.token_urlsafe(32)

    def check(self, request: HTTPConnection) -> None:
        """Raise HTTPException, 403, for a request that may not act."""
        if not self.control:
            raise HTTPException(403, OFF)
        if not same_origin(request):
            raise HTTPException(403, "The request does not come from a page of this dashboard.")
        if not secrets.compare_digest(request.headers.get(TOKEN, "").encode(), self.token.encode()):
            raise HTTPException(403, "The page is not of this dashboard's present process: load it again.")


def same_origin(request: HTTPConnection) -> bool:
    """Tell whether *request* says that a page of this dashboard sent it; a browser does not let pages lie."""
    origin = request.headers.get("origin", "")
    return origin.partition("://")[2] == request.headers.get("host", "") != ""
