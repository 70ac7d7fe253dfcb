"""What a page shows and does of retention: the mark that keeps a run, and the runs that were removed."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from virtualpytest_dashboard import acting, pages, retention
from virtualpytest_dashboard.folders import Folders
from virtualpytest_dashboard.people import person
from virtualpytest_dashboard.retention import Rules
from virtualpytest_dashboard.store import keeping, postgresql, retained
from virtualpytest_dashboard.store.database import Database

_LISTED = 200
_EVERY = 3600.0  # seconds between two looks


class Keep(BaseModel):
    """Whether a run is kept whatever its age."""

    model_config = ConfigDict(extra="forbid")

    keep: bool


async def mark(request: Request) -> Response:
    """Mark a run to be kept, or no more."""
    return await acting.acted(request, _mark)


def _mark(request: Request, body: bytes) -> dict[str, Any]:
    said, folder = Keep.model_validate_json(body), pages.folder(request)
    retained.mark(request.app.state.kept, folder.path, person.of(request).name, keep=said.keep)
    return said.model_dump()


def index(request: Request) -> Response:
    """Show the rules, and what was removed."""
    with request.app.state.kept.reading() as connection:
        found = retained.removed(connection, _LISTED)
    rules = getattr(request.app.state, "rules", Rules())
    whole = person.of(request).owned is None
    return pages.render(request, "removed.html", rules=rules, removed=found if whole else ())


@contextlib.contextmanager
def kept_to(app: Starlette, rules: Rules, say: Callable[[str], object]) -> Iterator[None]:
    """Remove what *rules* are about, now and every hour, while the block runs; *say* is told of each run."""
    app.state.rules = rules
    if rules == Rules():
        yield
        return
    ended = threading.Event()
    thread = threading.Thread(target=_look, args=[app, rules, say, ended], daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _look(app: Starlette, rules: Rules, say: Callable[[str], object], ended: threading.Event) -> None:
    told: set[str] = set()
    while True:
        for old in retention.prune(app.state.folders, app.state.kept, rules):
            words = line(old)
            if words not in told:
                told.add(words)
                say(words)
            if ended.is_set():
                return
        if ended.wait(_EVERY):
            return


def line(old: retention.Old, *, done: bool = True) -> str:
    """Return what is said of *old* in a terminal."""
    if old.hinders:
        return f"{old.folder.path}: {old.why}, but stays: {old.hinders}"
    return f"{old.folder.path}: {old.why}{': removed' if done else ''}"


def pruned(paths: Sequence[Path], days: float, runs: int, database: str, *, yes: bool) -> Iterator[str]:
    """Yield a line for each run in *paths* that is too old, or too many; remove them if *yes*."""
    rules, store = Rules(days, runs), postgresql.address(database) if database else None
    rules.check()
    with contextlib.ExitStack() as undo:
        folders = undo.enter_context(contextlib.closing(Folders(paths, Database(store) if store else None)))
        kept = undo.enter_context(contextlib.closing(keeping.at(folders.roots, store)))
        found = retention.prune(folders, kept, rules) if yes else retention.plan(folders, kept, rules)
        lines = (line(old, done=yes) for old in found)
        first = next(lines, "")
        yield first or "no run is too old, or too many"
        yield from lines
        if first and not yes:
            yield "nothing was removed: add --yes"
