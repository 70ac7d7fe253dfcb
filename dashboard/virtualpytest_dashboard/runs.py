"""The pages of all runs, and of one."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from virtualpytest_dashboard import history, labels, pages, trend
from virtualpytest_dashboard.details import size_of
from virtualpytest_dashboard.listing import Asked
from virtualpytest_dashboard.store import groups, measurements, trends

_PAGE = 25


def index(request: Request) -> Response:
    """Show the runs, the newest first."""
    found = pages.folders(request).all()
    last = max(1, -(-len(found) // _PAGE))
    page = min(Asked.of(request.query_params).page, last)
    runs = [folder.glance() for folder in found[(page - 1) * _PAGE : page * _PAGE]]
    bars = trend.of(pages.folders(request), found[0]) if found and page == 1 else ()
    return pages.render(request, "runs.html", runs=runs, total=len(found), page=page, pages=last, bars=bars)


def one(request: Request) -> Response:
    """Show one run and the tests that were asked for."""
    folder = pages.folder(request)
    run = folder.run()
    asked = Asked.of(request.query_params)
    follow = run.live and "follow" in request.query_params
    before = history.previous(pages.folders(request), folder)
    doubted = history.flaky(pages.folders(request), folder)
    shown = folder.listing(asked, before, *([trends.among(doubted)] if asked.change == "flaky" else ()))
    seen = {row.id for row in shown.rows if row.bad and size_of(run.folder, row.picture) is not None}
    response = pages.render(
        request, "run.html", run=run, listing=shown, seen=seen, follow=follow,
        outside=folder.ask(measurements.outside), numbers={folder.number: folder},
        filed=list(labels.COLUMNS), sorts=[*folder.ask(groups.known), "category"],
        alike=folder.alike() if run.bad > 1 else (),
        doubted=doubted, bars=trend.of(pages.folders(request), folder),
        before=before.run() if before else None, changes=folder.changes(before) if before else {},
    )  # fmt: skip
    response.headers["Content-Security-Policy"] = pages.SCRIPTED
    return response
