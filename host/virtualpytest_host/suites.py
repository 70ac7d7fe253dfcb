"""Tests that were sent here to be run here, by the hash of what they are: ``code/ACCOUNT/HASH`` in the state folder.

    client → host   hash, then the pieces of the archive, None after the last one; nothing where it is there already
    host → client   the folder where it is, None while it is not

A folder is used under a shared lock, so that it is not removed under a running test. Each account keeps its own:
whoever may write into a folder decides what runs from it.
"""

from __future__ import annotations

import contextlib
import fcntl
import io
import os
import re
import shutil
import tarfile
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

from pytest_virtualpytest.exceptions import HostError
from virtualpytest_host import state

KEPT = 5  # suites, the last ones used
_LIMIT = 1 << 30  # bytes, unpacked
_HASH = re.compile(r"[0-9a-f]{64}")
_used: list[int] = []  # locks that this process holds until it ends


def receive(channel: Any) -> None:
    """Have the suite that *channel* names here, sent only if it is not, and tell where it is."""
    name = str(channel.receive())
    if not _HASH.fullmatch(name):
        raise HostError(f"{name!r} is no name of a suite")
    folder = _own() / name
    if not use(folder):
        channel.send(None)
        _unpack(b"".join(iter(channel.receive, None)), folder)
        use(folder)
    _remove_old(folder.parent)
    channel.send(str(folder))


def use(folder: Path) -> bool:
    """Keep *folder* from being removed while this process lives; tell whether it is there."""
    with contextlib.suppress(FileNotFoundError):
        lock = os.open(folder, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_SH)
        if folder.exists():
            _used.append(lock)
            os.utime(folder)
            return True
        os.close(lock)
    return False


def _own() -> Path:
    """Return this account's folder of suites."""
    folder = state.folder("code") / str(os.getuid())
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise HostError(f"{folder} belongs to another account, which could put tests of its own into it; remove it")
    return folder


def _unpack(archive: bytes, folder: Path) -> None:
    """Make *folder* from *archive*, whole or not at all."""
    fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
    try:
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            _extract(tar, fresh)
        with contextlib.suppress(OSError):  # another process has just done the same
            fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _extract(tar: tarfile.TarFile, folder: Path) -> None:
    """Write what is in *tar* below *folder*: plain files, nothing else, nowhere else."""
    written = 0
    for member in tar:
        parts = PurePosixPath(member.name).parts
        if not member.isfile() or not parts or ".." in parts or parts[0] == "/":
            raise HostError(f"a suite holds {member.name!r}, which is no file below its folder")
        written += member.size
        if written > _LIMIT:
            raise HostError(f"a suite is larger than {_LIMIT >> 20} MiB")
        path = folder.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        body = tar.extractfile(member)
        assert body is not None
        path.write_bytes(body.read())
        path.chmod(0o700 if member.mode & 0o100 else 0o600)


def _remove_old(parent: Path) -> None:
    """Remove all but the suites that were used last, and those that are in use."""
    suites = [path for path in parent.iterdir() if _HASH.fullmatch(path.name)]
    suites.sort(key=lambda path: path.stat().st_mtime, reverse=True)
    for path in suites[KEPT:]:
        lock = os.open(path, os.O_RDONLY)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(path, ignore_errors=True)
        os.close(lock)
