"""A tar or zip unpacked into a folder, whoever made it: plain files alone, flat or in one folder, within limits."""

from __future__ import annotations

import gzip
import io
import os
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from starlette.exceptions import HTTPException

from virtualpytest_dashboard import pages

_CHUNK = 256 << 10
_AT_ONCE = 64 << 20  # bytes: no header of an honest archive is larger
_ASIDE = ("history",)  # folders of Allure 2 that say nothing of this run
_BROKEN = (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, gzip.BadGzipFile, NotImplementedError,
           RuntimeError, ValueError)  # fmt: skip


@dataclass(frozen=True)
class Limits:
    """How much an archive may be: bytes of itself, files in it, bytes of these, and how far they may be packed."""

    packed: int = 8 << 30
    files: int = 1_000_000
    unpacked: int = 32 << 30
    ratio: int = 200
    free: int = 64 << 20  # bytes that may come of however few

    def of(self, packed: int) -> int:
        """Return how many bytes may come of an archive of *packed* ones."""
        return min(self.unpacked, self.free + self.ratio * packed)


LIMITS = Limits()


def unpack(archive: Path, into: Path, limits: Limits = LIMITS) -> None:
    """Unpack *archive* into the folder *into*; an HTTPException, 413 or 422, says why it is refused."""
    most, written = limits.of(archive.stat().st_size), 0
    names = _Names(limits.files)
    try:
        with archive.open("rb") as file:
            for name, content in _members(file, most):
                with content, _new(into, names.flat(name)) as target:
                    while data := content.read(_CHUNK):
                        written += len(data)
                        if written > most:
                            raise _too_much(most)
                        target.write(data)
    except _BROKEN as error:
        raise HTTPException(422, f"the archive cannot be read to its end: {error or type(error).__name__}") from error


class _Names:
    """Makes names flat: all files of an archive lie in it, or in one folder in it."""

    def __init__(self, most: int) -> None:
        self._most, self._count = most, 0
        self._folder: str | None = None

    def flat(self, name: str) -> str:
        """Return the name of the file *name* without its folder."""
        self._count += 1
        if self._count > self._most:
            raise HTTPException(413, f"the archive has more than {self._most} files")
        folder, _, plain = name.rpartition("/")
        if self._folder is None:
            self._folder = folder
        if folder != self._folder or "/" in folder:
            raise HTTPException(422, f"{name[:200]!r}: the files of a run lie in one folder")
        return plain


def _members(file: IO[bytes], most: int) -> Iterator[tuple[str, IO[bytes]]]:
    """Yield the name and the content of each file in the archive *file* that is of the run."""
    begin = file.read(4)
    file.seek(0)
    if begin[:2] == b"PK":
        yield from _of_zip(_Bounded(file, most))
    elif begin[:2] == b"\x1f\x8b":
        with gzip.GzipFile(fileobj=file) as packed:
            yield from _of_tar(_Bounded(packed, most))
    else:
        yield from _of_tar(_Bounded(file, most))


def _of_tar(file: _Bounded) -> Iterator[tuple[str, IO[bytes]]]:
    with tarfile.open(fileobj=file, mode="r:") as archive:
        while (member := archive.next()) is not None:
            archive.members = []  # type: ignore[attr-defined]  # it would keep them all
            name = _checked(member.name)
            if member.isdir() or not name:
                continue
            if not member.isreg() or member.issparse():
                raise HTTPException(422, f"{name[:200]!r}: no plain file")
            content = archive.extractfile(member)
            if content is not None:
                yield name, content


def _of_zip(file: _Bounded) -> Iterator[tuple[str, IO[bytes]]]:
    with zipfile.ZipFile(file) as archive:
        for member in archive.infolist():
            name = _checked(member.filename)
            kind = stat.S_IFMT(member.external_attr >> 16)
            if member.is_dir() or not name:
                continue
            if kind not in (0, stat.S_IFREG):
                raise HTTPException(422, f"{name[:200]!r}: no plain file")
            yield name, archive.open(member)


def _checked(name: str) -> str:
    """Return *name* as a way within the archive, nothing for what is not of the run; refuse what leads out of it."""
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if name.startswith("/") or ".." in parts or re.search(r"[\\\0]|^[A-Za-z]:", name):
        raise HTTPException(422, f"{name[:200]!r}: leads out of the archive")
    if any(part.startswith(".") for part in parts) or any(part in _ASIDE for part in parts[:-1]):
        return ""
    return "/".join(parts)


def _new(folder: Path, name: str) -> IO[bytes]:
    try:
        number = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o644)
    except FileExistsError:
        raise HTTPException(422, f"{name[:200]!r}: is twice in the archive") from None
    except OSError as error:
        if error.filename is not None and len(name.encode()) > 255:
            raise HTTPException(422, f"{name[:50]!r}…: too long a name") from error
        raise
    return os.fdopen(number, "wb")


def _too_much(most: int) -> HTTPException:
    return HTTPException(413, f"the archive unpacks to more than {pages.size(most)}: more than one of its size may")


class _Bounded(io.RawIOBase):
    """A file that goes no further than *most*, and is read in pieces that fit into memory."""

    def __init__(self, file: IO[bytes] | gzip.GzipFile, most: int) -> None:
        self._file, self._most = file, most

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, place: int, whence: int = os.SEEK_SET, /) -> int:
        if whence == os.SEEK_SET and place > self._most:
            raise _too_much(self._most)
        return self._file.seek(place, whence)

    def read(self, size: int = -1, /) -> bytes:
        if size > _AT_ONCE:
            raise HTTPException(413, f"the archive has a header of more than {pages.size(_AT_ONCE)}")
        data = self._file.read(min(size, _AT_ONCE) if size >= 0 else _AT_ONCE)
        if self._file.tell() > self._most:
            raise _too_much(self._most)
        return data

