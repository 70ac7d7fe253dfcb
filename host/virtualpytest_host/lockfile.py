"""Files that are locked and hold a record: the ground of leases and tickets."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from pytest_virtualpytest.exceptions import LeaseError


def opened(path: Path) -> IO[bytes]:
    """Open the file at *path*, made if need be; everybody who may use its folder may write it."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o660)
    except PermissionError as error:
        raise LeaseError(f"{path} cannot be written by this account; see `ls -l` of it and of its folder") from error
    with contextlib.suppress(PermissionError):  # another account's: it has done this
        os.fchmod(descriptor, stat.S_IMODE(path.parent.stat().st_mode) & 0o660)
    return os.fdopen(descriptor, "r+b", buffering=0)


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
    os.pwrite(file.fileno(), data, 0)
    os.ftruncate(file.fileno(), len(data))
