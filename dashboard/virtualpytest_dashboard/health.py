"""Whether the dashboard works, for scripts."""

from __future__ import annotations

from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from virtualpytest_dashboard import pages
from virtualpytest_dashboard.people import person


def health(request: Request) -> Response:
    """Say that pages can be had, and to who may know of how many runs."""
    found = pages.folders(request).all()
    behind = getattr(request.app.state, "behind", None)
    reading = {"reading": behind.doing} if behind and behind.doing else {}
    runs = {"runs": len(found), **reading} if person.of(request).role else {}
    return JSONResponse({"status": "ok", "version": version("virtualpytest"), **runs})
