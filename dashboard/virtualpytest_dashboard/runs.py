"""The pages of all runs, and of one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from virtualpytest_dashboard import history, labels, notes, pages, trend
from virtualpytest_dashboard.details import size_of
from virtualpytest_dashboard.listing import Asked
from virtualpytest_dashboard.results import Folder
from virtualpytest_dashboard.store import compare, groups, measurements, retained, trends

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
    known = {test: note for test, note in notes.every(request).items() if note.known}
    shown = folder.listing(*_changed(asked, known, doubted, before))
    seen = {row.id for row in shown.rows if row.bad and size_of(run.folder, row.picture) is not None}
    response = pages.render(
        request, "run.html", run=run, listing=shown, seen=seen, follow=follow,
        outside=folder.ask(measurements.outside), numbers={folder.number: folder},
        filed=list(labels.COLUMNS), sorts=[*folder.still(groups.known), "category"],
        alike=folder.alike() if run.bad > 1 else (),
        doubted=doubted, bars=trend.of(pages.folders(request), folder),
        before=before.run() if before else None, changes=_changes(folder, before, known) if before else {},
        notes=notes.every(request), marked=retained.marked(request.app.state.kept, folder.path),
    )  # fmt: skip
    response.headers["Content-Security-Policy"] = pages.SCRIPTED
    return response


def _changed(
    asked: Asked, known: Collection[tuple[str, str]], doubted: Collection[tuple[str, str]], before: Folder | None
) -> tuple[Any, ...]:
    """Return what a listing is asked for: what is *known* is nothing new."""
    if asked.change == "flaky":
        return asked, None, trends.among(doubted)
    if asked.change == "known" and before:
        return asked, None, compare.change("new", before.number), trends.among(known)
    return asked, before, *([~trends.among(known)] if asked.change == "new" and known else ())


def _changes(folder: Folder, before: Folder, known: Collection[tuple[str, str]]) -> Mapping[str, int]:
    """Return how many tests changed in which way; those *known* to fail are no new failures."""
    found = folder.changes(before)
    if not known or not found["new"]:
        return found
    again = compare.change("new", before.number) & trends.among(known)
    count, _ = folder.ask(lambda connection, run: compare.listed(connection, run, again, 1))
    return {**found, "new": found["new"] - count, "known": count}
