"""The page of one test."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from virtualpytest_dashboard import again, history, moments, notes, pages
from virtualpytest_dashboard.details import details

_BESIDE = 50  # other rows of the same test function


def one(request: Request) -> Response:
    """Show what a test did and what was seen."""
    folder = pages.folder(request)
    run, identity = folder.run(), request.path_params["uuid"]
    found = details(folder, identity)
    if found is None:
        raise HTTPException(404, f"There is no test {identity!r} in this run: its result may have been removed.")
    seen = moments.lanes(found)
    response = pages.render(
        request, "test.html", run=run, test=found, past=history.past(pages.folders(request), folder, found.row),
        beside=folder.beside(found.row, _BESIDE), lanes=seen, moments=moments.ordered(seen),
        compared=moments.compared(found.evidence), again=again.command(found, folder.told()),
        node=again.node(found, folder.told()),
        note=notes.of(request, found.row), **history.steadiness(pages.folders(request), folder, found.row),
    )  # fmt: skip
    response.headers["Content-Security-Policy"] = pages.SCRIPTED
    return response
