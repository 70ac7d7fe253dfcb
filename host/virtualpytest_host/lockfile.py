"""Files that are locked and hold a record: the ground of leases and tickets."""

from __future__ import annotations

import contextlib
import json
import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from pytest_virtualpytest.exceptions import LeaseError


def opened(path: Path) -> IO[bytes]:
    """Open the file at *path*, made if need be; everybody who may use its folder may write it."""
    with _told(path):
        if not path.exists():
            draft, file = new(path.parent)
            with file, contextlib.suppress(FileExistsError):  # another was faster
                path.hardlink_to(draft)
            draft.unlink()
        return path.open("r+b", buffering=0)


def new(folder: Path) -> tuple[Path, IO[bytes]]:
    """Make a file in *folder* that has its permissions before it has its name: it begins with a dot until then."""
    with _told(folder):
        descriptor, name = tempfile.mkstemp(prefix=".", dir=folder)
    os.fchmod(descriptor, stat.S_IMODE(folder.stat().st_mode) & 0o660)
    return Path(name), os.fdopen(descriptor, "r+b", buffering=0)


def in_place(path: Path, file: IO[bytes]) -> bool:
    """Tell whether *file* is still the one at *path*."""
    try:
        return path.stat().st_ino == os.fstat(file.fileno()).st_ino
    except FileNotFoundError:
        return False


def read(file: IO[bytes]) -> dict[str, Any]:
    """Return the record in *file*, an empty one if it is damaged."""
    try:
        data = json.loads(os.pread(file.fileno(), 1 << 16, 0) or b"{}")
    except ValueError:  # its writer is just writing, or died of it
        return {}
    return data if isinstance(data, dict) else {}


def write(file: IO[bytes], record: Mapping[str, Any]) -> None:
    """Replace the content in one write: a reader, and whoever comes after a crash, finds a record."""
    data = json.dumps(record).encode()
    with _told(Path(f"/proc/self/fd/{file.fileno()}")):
        os.pwrite(file.fileno(), data, 0)
        os.ftruncate(file.fileno(), len(data))


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise LeaseError(f"{path} cannot be written by this account; see `ls -l` of it and of its folder") from error
    except OSError as error:
        place = path.readlink() if path.is_symlink() else path
        raise LeaseError(f"{place} cannot be written: {error.strerror}; make room there") from error
