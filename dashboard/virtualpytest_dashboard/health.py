"""Whether the dashboard works, for scripts."""

from __future__ import annotations

from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from virtualpytest_dashboard import pages


def health(request: Request) -> Response:
    """Say that pages can be had, and of how many runs."""
    found = pages.folders(request).all()
    return JSONResponse({"status": "ok", "version": version("virtualpytest"), "runs": len(found)})
