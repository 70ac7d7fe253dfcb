"""A run's changes, told to open pages as server-sent events: each is the version of what the run's page would show."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from watchfiles import Change, awatch

from virtualpytest_dashboard import pages
from virtualpytest_dashboard.contents import tells
from virtualpytest_dashboard.results import Folder

_STEP, _DEBOUNCE = 10, 50  # milliseconds: how soon a change is told, and how long a burst of them is gathered
_HEARTBEAT = 2000  # milliseconds after which the folder is looked at unasked: some file systems tell of no change


async def events(request: Request) -> Response:
    """Tell of each change of a run until the reader goes."""
    folder = await run_in_threadpool(pages.folder, request)
    return StreamingResponse(_versions(folder), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def _versions(folder: Folder) -> AsyncIterator[str]:
    told = -1
    async for names in _changes(folder.path):
        version = await run_in_threadpool(_version, folder, names)
        yield f"data: {version}\n\n" if version != told else ": nothing new\n\n"
        told = version


def _version(folder: Folder, names: set[str]) -> int:
    return folder.take(names) if names else folder.run().version


async def _changes(path: Path) -> AsyncIterator[set[str]]:
    """Yield now, and then the names of what has changed in *path*; none every now and then."""
    yield set()
    try:
        async for found in awatch(path, watch_filter=_telling, step=_STEP, debounce=_DEBOUNCE, recursive=False,
                              rust_timeout=_HEARTBEAT, yield_on_timeout=True):  # fmt: skip
            yield {Path(changed).name for _, changed in found}
    except FileNotFoundError:  # the folder is gone, and so is what there was to tell
        return


def _telling(_: Change, path: str) -> bool:
    return tells(Path(path).name)
