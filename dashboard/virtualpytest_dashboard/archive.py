"""A run as a zip of a plain Allure folder, made while it is sent.

Documents are written anew without nulls, for one null ends Allure 2; what cannot be read is left out. Of all other
files only those that a document names go with it, none of them through a link.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import stat
import time
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from pytest_virtualpytest.exceptions import VirtualPytestError
from virtualpytest_dashboard import allure, journal
from virtualpytest_dashboard.records import kind_of
from virtualpytest_dashboard.results import Folder
from virtualpytest_dashboard.rows import SAFE
from virtualpytest_dashboard.store import queries

if TYPE_CHECKING:
    from typing_extensions import Buffer

_CHUNK = 256 << 10
_BESIDE = ("environment.properties", journal.FILE)
_ENDINGS = ("-result.json", "-container.json", "-globals.json")


def stream(folder: Folder) -> Iterator[bytes]:
    """Yield the zip, a piece at a time."""
    pipe, sources = _Pipe(), set[str]()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in folder.ask(queries.readable) + folder.container_names():
            _put(archive, folder, name, sources)
            yield pipe.take()
        for name in sorted({*_BESIDE, *sources}):
            for _ in _copied(archive, folder, name):
                yield pipe.take()
    yield pipe.take()


class _Pipe(io.RawIOBase):
    """What a zip is written to: it cannot be sought in, and is taken away as it grows."""

    def __init__(self) -> None:
        self._kept = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, data: Buffer, /) -> int:
        self._kept += data
        return memoryview(data).nbytes

    def take(self) -> bytes:
        data, self._kept = bytes(self._kept), bytearray()
        return data


def _put(archive: zipfile.ZipFile, folder: Folder, name: str, sources: set[str]) -> None:
    """Write the document *name*, and note which files it names in *sources*."""
    with contextlib.suppress(VirtualPytestError, RecursionError):  # removed meanwhile, or nested too deeply
        document = _without_nulls(allure.read(folder.path / name, object))
        data = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
        sources.update(source for source in _sources(document) if _safe(source))
        archive.writestr(_named(name), data)


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(member) for key, member in value.items() if member is not None}
    if isinstance(value, list):
        return [_without_nulls(member) for member in value if member is not None]
    return value


def _sources(document: Any) -> Iterator[str]:
    """Yield the files that *document* names, in its steps too."""
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from (item.source for item in allure.attachments(value))
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value


def _safe(name: str) -> bool:
    return SAFE.fullmatch(name) is not None and not name.startswith(".") and not name.endswith(_ENDINGS)


def _named(name: str) -> str:
    """Return the name that the document *name* gets: its own, if every reader takes it."""
    if SAFE.fullmatch(name) and not name.startswith("."):
        return name
    ending = next((ending for ending in _ENDINGS if name.endswith(ending)), ".json")
    return hashlib.sha256(name.encode()).hexdigest()[:32] + ending


def _copied(archive: zipfile.ZipFile, folder: Folder, name: str) -> Iterator[None]:
    """Copy the file *name* as it is now, and yield after each piece; what is no plain file is left out."""
    with contextlib.suppress(OSError), _opened(folder, name) as file:
        state = os.fstat(file.fileno())
        if not stat.S_ISREG(state.st_mode):
            return
        left = state.st_size
        with archive.open(_info(name, state.st_mtime), "w", force_zip64=True) as entry:
            while left > 0 and (data := file.read(min(_CHUNK, left))):
                entry.write(data)
                left -= len(data)
                yield


def _opened(folder: Folder, name: str) -> IO[bytes]:
    return os.fdopen(os.open(folder.path / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb")


def _info(name: str, written: float) -> zipfile.ZipInfo:
    moment = max(time.localtime(written)[:6], (1980, 1, 1, 0, 0, 0))
    info = zipfile.ZipInfo(name, min(moment, (2107, 12, 31, 23, 59, 58)))
    packed = kind_of(PurePosixPath(name).name) in ("picture", "clip", "sound")
    info.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
    return info
