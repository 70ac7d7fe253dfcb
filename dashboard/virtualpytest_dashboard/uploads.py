"""Runs that are sent here, from CI: ``POST /api/runs?name=…`` with a tar or zip of Allure results.

What comes is written to a hidden folder beside the runs, unpacked there, and renamed into its place at the end: of an
upload that is cut nothing shows, and the next dashboard over the folder clears it away.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import itertools
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response

from virtualpytest_dashboard import acting, pages, unpacking
from virtualpytest_dashboard.folders import Folders, holds_results
from virtualpytest_dashboard.openapi import asks

PLACE = ".virtualpytest-uploads"
_KINDS = ("application/gzip", "application/x-gzip", "application/x-tar", "application/zip", "application/octet-stream")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_ARCHIVE, _UNPACKED, _LOCK = "archive", "unpacked", "lock"


@asks("name", "what the run is called; a name that is taken gets a number", maxLength=100)
async def receive(request: Request) -> Response:
    """Keep the run that is sent, a tar or zip of Allure results, and answer its address."""
    try:
        acting.guard(request).check(request)
        return await _receive(request)
    except HTTPException as error:
        return JSONResponse({"error": error.detail}, error.status_code, error.headers)
    except ClientDisconnect:
        return JSONResponse({"error": "not sent to its end"}, 400)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EROFS):
            raise
        return JSONResponse({"error": f"cannot be kept here: {error.strerror}"}, 507)


async def _receive(request: Request) -> Response:
    name, root = _asked(request), _root(request.app.state.folders)
    with contextlib.ExitStack() as undo:
        place = await run_in_threadpool(undo.enter_context, _place(root))
        with (place / _ARCHIVE).open("wb") as file:
            await _write(request, file)
        target = await run_in_threadpool(_unpack, place, root, name)
    folders: Folders = request.app.state.folders
    found = await run_in_threadpool(lambda: next(one for one in folders.all() if one.path == target))
    address = request.url_for("run", run=found.name)
    said = {"run": found.name, "title": found.title, "address": str(address)}
    return JSONResponse(said, 201, {"Location": address.path})


def _asked(request: Request) -> str:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _KINDS:
        raise HTTPException(415, f"send a tar or zip of Allure results: Content-Type: {', '.join(_KINDS)}")
    if int(request.headers.get("content-length", "0")) > unpacking.LIMITS.packed:
        raise _too_large()
    name = request.query_params.get("name") or time.strftime("upload-%Y%m%d-%H%M%S")
    if not _NAME.fullmatch(name):
        raise HTTPException(422, f"name: {name[:120]!r}: letters, digits, '.', '_' and '-', at most 100 of them")
    return name


def _too_large() -> HTTPException:
    return HTTPException(413, f"more than {pages.size(unpacking.LIMITS.packed)}")


def _root(folders: Folders) -> Path:
    """Return the folder that runs are kept in."""
    root = next((root for root in folders.roots if not holds_results(root)), None)
    if root is None:
        raise HTTPException(409, "This dashboard shows single runs: start it over a folder of runs to send others.")
    return root


async def _write(request: Request, file: IO[bytes]) -> None:
    size = 0
    async for piece in request.stream():
        size += len(piece)
        if size > unpacking.LIMITS.packed:
            raise _too_large()
        await run_in_threadpool(file.write, piece)


def _unpack(place: Path, root: Path, name: str) -> Path:
    """Unpack what was sent, and return where it is now."""
    unpacked = place / _UNPACKED
    unpacked.mkdir()
    unpacking.unpack(place / _ARCHIVE, unpacked)
    if not holds_results(unpacked):
        raise HTTPException(422, "no Allure results in it: no file that ends in -result.json")
    target = _reserved(root, name)
    unpacked.rename(target)  # in the place of the empty folder, at once
    return target


def _reserved(root: Path, name: str) -> Path:
    """Return a folder of that name, or with a number behind it, that was not there before."""
    for number in itertools.count(1):
        target = root / (name if number == 1 else f"{name}-{number}")
        with contextlib.suppress(FileExistsError):
            target.mkdir()
            return target
    raise AssertionError


@contextlib.contextmanager
def _place(root: Path) -> Iterator[Path]:
    """Give a hidden folder that is nobody else's, and goes with the block."""
    (root / PLACE).mkdir(mode=0o700, exist_ok=True)
    place = Path(tempfile.mkdtemp(dir=root / PLACE))
    try:
        with (place / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def clear(roots: list[Path]) -> None:
    """Remove what uploads that were killed left in *roots*; those that go on are left alone."""
    for root in roots:
        if (root / PLACE).is_dir() and not (root / PLACE).is_symlink():
            for place in (root / PLACE).iterdir():
                if not place.is_symlink() and not _goes_on(place):
                    shutil.rmtree(place, ignore_errors=True)


def _goes_on(place: Path) -> bool:
    try:
        number = os.open(place / _LOCK, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return time.time() - place.stat().st_mtime < 1  # it begins
    with os.fdopen(number) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
        return False
