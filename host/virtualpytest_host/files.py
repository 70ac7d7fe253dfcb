"""The captures that are kept on a host: one folder, within a quota, and nothing outside it.

A name is a path within the folder. Each step to it is opened by itself and never through a symbolic link,
so that nobody who may write there can lead a reader elsewhere.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from pytest_virtualpytest.exceptions import DeviceError
from virtualpytest_host import state

PIECE = 1 << 20  # bytes of a file that one call returns
QUOTA = 2 << 30
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


@dataclass(frozen=True)
class Capture:
    """A file of the captures folder: its *name* within it, its size in bytes, when it was written."""

    name: str
    size: int
    time: float


def folder() -> Path:
    """Return the folder of the captures."""
    return state.folder("captures")


def captures() -> list[Capture]:
    """Return every capture, the oldest first; what is no plain file does not count."""
    root, found = folder(), []
    for place, _, names in os.walk(root):
        for name in names:
            path = Path(place) / name
            with contextlib.suppress(FileNotFoundError):  # removed meanwhile
                status = path.lstat()
                if stat.S_ISREG(status.st_mode) and not name.startswith("."):
                    found.append(Capture(path.relative_to(root).as_posix(), status.st_size, status.st_mtime))
    return sorted(found, key=lambda one: (one.time, one.name))


def listing() -> dict[str, Any]:
    """Return the captures and where they are."""
    found = captures()
    return {"folder": str(folder()), "bytes": sum(one.size for one in found), "files": [asdict(one) for one in found]}


def read(name: str, offset: int = 0) -> tuple[bytes, int]:
    """Return a piece of the capture *name* from *offset* on, and the size of the whole."""
    with _within(name) as (place, last):
        descriptor = _open(name, last, os.O_RDONLY | os.O_NONBLOCK, place)
        with os.fdopen(descriptor, "rb") as file:
            file.seek(offset)
            return file.read(PIECE), os.fstat(descriptor).st_size


def remove(name: str) -> None:
    """Remove the capture *name*."""
    with _within(name) as (place, last):
        os.close(_open(name, last, os.O_RDONLY | os.O_NONBLOCK, place))  # a link, or no file: refused
        os.unlink(last, dir_fd=place)


def put(name: str, data: bytes, quota: int = QUOTA) -> list[str]:
    """Keep *data* as the capture *name*; return the names of the oldest, which were removed to stay within *quota*."""
    if len(data) > quota:
        raise DeviceError(f"capture {name!r} has {len(data)} bytes, more than the host's captures_quota of {quota}")
    with _alone(), _within(name, make=True) as (place, last):
        removed = _room(quota - len(data), but=name)
        fresh = f".{last}.{os.getpid()}"
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o660, dir_fd=place)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            os.rename(fresh, last, src_dir_fd=place, dst_dir_fd=place)
        except BaseException:
            os.unlink(fresh, dir_fd=place)
            raise
    return removed


def _room(size: int, *, but: str) -> list[str]:
    """Remove the oldest captures until no more than *size* bytes are left, *but* not counted: it is written anew."""
    kept = [one for one in captures() if one.name != but]
    left, removed = sum(one.size for one in kept), []
    for one in kept:
        if left <= size:
            break
        remove(one.name)
        removed.append(one.name)
        left -= one.size
    return removed


@contextlib.contextmanager
def _within(name: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
    """Give a descriptor of the folder that holds the capture *name*, and the name's last part."""
    parts = _parts(name)
    with contextlib.ExitStack() as stack:
        place = os.open(folder(), _FOLDER)
        stack.callback(os.close, place)
        for part in parts[:-1]:
            if make:
                with contextlib.suppress(FileExistsError):
                    os.mkdir(part, 0o770, dir_fd=place)
            place = _open(name, part, _FOLDER, place)
            stack.callback(os.close, place)
        yield place, parts[-1]


def _parts(name: str) -> tuple[str, ...]:
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or "\0" in name or any(part.startswith(".") for part in parts):
        raise DeviceError(f"{name!r} is refused: a capture's name is a path within the captures folder, without dots")
    return parts


def _open(name: str, part: str, flags: int, place: int) -> int:
    """Open *part* of *name* in the folder *place*, if it is what it should be."""
    try:
        descriptor = os.open(part, flags | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=place)
    except FileNotFoundError:
        raise DeviceError(f"no capture {name!r} in {folder()}; `host files HOST list` shows all") from None
    except OSError as error:
        raise DeviceError(f"capture {name!r} is refused: {part!r} is a link, or cannot be read") from error
    wanted = stat.S_ISDIR if flags & os.O_DIRECTORY else stat.S_ISREG
    if not wanted(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise DeviceError(f"capture {name!r} is refused: {part!r} is no plain file")
    return descriptor


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    with (folder() / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
