"""The page of one run against any other: what fails now, what does no more, what came, went and got slower."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from virtualpytest_dashboard import history, pages
from virtualpytest_dashboard.records import Row, Summary
from virtualpytest_dashboard.results import Folder
from virtualpytest_dashboard.store import compare, measurements

_OFFERED = 200  # runs to choose from
_LISTED = 100  # tests of each sort
_SLOWER = 50  # per cent
_SORTS = ("new", "fixed", "still", "added", "removed", "slower", "faster")


@dataclass(frozen=True)
class Change:
    """The tests that changed in one way: how many, and the first of them, each with what it was before."""

    word: str
    count: int
    pairs: Sequence[tuple[Row, Row | None]]


def one(request: Request) -> Response:
    """Show one run against the one that was asked for, else against the one before it."""
    folders, folder = pages.folders(request), pages.folder(request)
    run, name = folder.run(), request.query_params.get("with", "")
    other = folders.get(name) if name else history.previous(folders, folder)
    if name and other is None:
        raise HTTPException(404, f"There is no run {name!r} to compare with: it may have been removed.")
    slower = _slower(request.query_params)
    return pages.render(
        request, "compare.html", run=run, before=other.run() if other else None, slower=slower,
        offered=[one.known() for one in folders.all()[:_OFFERED] if one is not folder],
        changes=changes(folder, other, slower) if other else (),
        figures=folder.ask(lambda store, number: figures(store, number, other.number)) if other else (),
    )  # fmt: skip


def _slower(query: Mapping[str, str]) -> int:
    said = query.get("slower", "")
    return min(10_000, max(1, int(said))) if said.isascii() and said.isdigit() and len(said) < 7 else _SLOWER


def changes(folder: Folder, other: Folder, slower: int) -> Sequence[Change]:
    """Return what is otherwise in *folder* than in *other*; at least *slower* per cent more time is slower."""
    return folder.ask(lambda store, run: [_change(store, run, other.number, word, slower) for word in _SORTS])


def _change(connection: Connection, run: int, other: int, word: str, slower: int) -> Change:
    if word == "removed":
        count, rows = compare.listed(connection, other, compare.change("added", run), _LISTED)
        return Change(word, count, [(row, None) for row in rows])
    wanted = compare.took(word, other, slower) if word in ("slower", "faster") else compare.change(word, other)
    count, rows = compare.listed(connection, run, wanted, _LISTED)
    before = compare.counterparts(connection, other, rows) if word != "added" else {}
    return Change(word, count, [(row, before.get(row.id)) for row in rows])


def figures(connection: Connection, run: int, other: int) -> Sequence[tuple[Summary, Summary | None]]:
    """Return what was measured in *run*, each with what it was in *other*."""
    before: dict[Any, Summary] = {(one.name, one.unit): one for one in measurements.summaries(connection, [other])}
    return [(one, before.get((one.name, one.unit))) for one in measurements.summaries(connection, [run])]
