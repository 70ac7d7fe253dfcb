"""What people say of a test: who owns it, a note, the known issue, and whether its failures count.

They hold over runs: a test is the same where its name and full name are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from virtualpytest_dashboard import acting, again, pages
from virtualpytest_dashboard.details import details
from virtualpytest_dashboard.folders import Folders
from virtualpytest_dashboard.people import person
from virtualpytest_dashboard.records import Row
from virtualpytest_dashboard.store import noted, trends
from virtualpytest_dashboard.store.database import Database
from virtualpytest_dashboard.store.noted import Note

_RUNS = 200  # the newest, in which a test that has a note is looked for


class Said(BaseModel):
    """What somebody says of a test; nothing at all takes the note away."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)

    owner: Annotated[str, StringConstraints(max_length=100)] = ""
    note: Annotated[str, StringConstraints(max_length=2000)] = ""
    link: Annotated[str, StringConstraints(max_length=500, pattern=r"^(https?://\S+)?$")] = ""
    quarantine: bool = False


async def write(request: Request) -> Response:
    """Keep what somebody says of the test that the address names."""
    return await acting.acted(request, _write)


def _write(request: Request, body: bytes) -> dict[str, Any]:
    said = Said.model_validate_json(body)
    folder = pages.folder(request)
    found = details(folder, request.path_params["uuid"])
    if found is None:
        raise HTTPException(404, f"there is no test {request.path_params['uuid']!r} in this run")
    note = Note(
        found.row.name, found.row.full_name, again.node(found, folder.told()), **said.model_dump(),
        by=person.of(request).name,
    )  # fmt: skip
    noted.keep(_kept(request), note)
    return said.model_dump()


def every(request: Request) -> Mapping[tuple[str, str], Note]:
    """Return all notes, by name and full name of their tests."""
    with _kept(request).reading() as connection:
        return {(note.name, note.full_name): note for note in noted.every(connection)}


def of(request: Request, row: Row) -> Note:
    """Return what was said of the test of *row*."""
    with _kept(request).reading() as connection:
        return noted.one(connection, row.name, row.full_name)


def index(request: Request) -> Response:
    """Show the tests that somebody said something of."""
    folders = pages.folders(request)
    runs, rows = _newest(folders, every(request))
    found = [(note, rows[key]) for key, note in sorted(every(request).items()) if key in rows]
    return pages.render(request, "notes.html", notes=found, runs=runs)


def quarantine(request: Request) -> Response:
    """Answer the tests whose failures do not count, as ``pytest --vpt-quarantine`` reads them."""
    notes = {key: note for key, note in every(request).items() if note.quarantine}
    _, rows = _newest(pages.folders(request), notes)
    names = ("test", "name", "full_name", "owner", "note", "link")
    return JSONResponse(
        {"tests": [{name: getattr(note, name) for name in names} for key, note in sorted(notes.items()) if key in rows]}
    )


def _newest(folders: Folders, tests: Iterable[tuple[str, str]]) -> tuple[dict[int, Any], dict[tuple[str, str], Any]]:
    """Return the newest row of each of *tests* in the runs that may be seen, with these runs: of no other is told."""
    runs = {folder.number: folder for folder in folders.all()[:_RUNS]}
    wanted = [(full_name, name) for name, full_name in tests]
    found = folders.ask(lambda connection: trends.states(connection, list(runs), wanted)) if wanted else ()
    return runs, {(row.name, row.full_name): row for row in found}


def _kept(request: Request) -> Database:
    found: Database = request.app.state.kept
    return found
