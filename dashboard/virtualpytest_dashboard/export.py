"""A run to take away: as a plain Allure folder, or as one HTML file."""

from __future__ import annotations

from collections.abc import Iterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from virtualpytest_dashboard import archive, pages, report


def as_zip(request: Request) -> Response:
    """Send the run's Allure results, with what they name."""
    folder = pages.folder(request)
    folder.run()
    return _sent(archive.stream(folder), "application/zip", f"{folder.name}.zip")


def as_page(request: Request) -> Response:
    """Send the run as one HTML file."""
    folder = pages.folder(request)
    response = _sent(report.stream(folder), "text/html; charset=utf-8", f"{folder.name}.html")
    response.headers["Content-Security-Policy"] = f"{report.SAFETY}; sandbox"
    return response


def _sent(pieces: Iterator[bytes], kind: str, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(pieces, media_type=kind, headers=headers)
