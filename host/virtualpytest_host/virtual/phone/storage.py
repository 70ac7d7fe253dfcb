"""The phone's files: a folder of this machine, and nothing outside it, whatever a path says."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

_ALIASES = {"sdcard": ("storage", "emulated", "0"), "mnt": ("storage", "emulated", "0")}
_WRITABLE = (("storage", "emulated", "0"), ("data", "local", "tmp"))


class Storage:
    """The files below *root*; paths are those of the phone."""

    def __init__(self, root: Path) -> None:
        self._root = root
        for parts in _WRITABLE:
            root.joinpath(*parts).mkdir(parents=True, exist_ok=True)

    def path(self, name: str) -> Path:
        """Return where *name* is on this machine."""
        return self._root.joinpath(*_parts(name))

    def read(self, name: str) -> bytes:
        """Return what is in *name*; OSError as a phone would have it."""
        return self.path(name).read_bytes()

    def write(self, name: str, data: bytes, *, more: bool = False) -> None:
        """Write *data* to *name*, after what is there if *more* is asked for."""
        with self.fresh(name).open("ab" if more else "wb") as file:
            file.write(data)

    def fresh(self, name: str) -> Path:
        """Return where *name* may be written; OSError where it may not."""
        parts = _parts(name)
        if not any(parts[: len(place)] == place and len(parts) > len(place) for place in _WRITABLE):
            raise OSError(errno.EROFS, "Read-only file system")
        return self._root.joinpath(*parts)

    def entries(self, name: str) -> Iterator[tuple[str, os.stat_result]]:
        """Yield the names and facts of what is in the folder *name*."""
        for path in sorted(self.path(name).iterdir()):
            yield path.name, path.stat()

    def remove(self, name: str) -> None:
        """Remove *name*, with all that is in it."""
        path = self.fresh(name)
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def _parts(name: str) -> tuple[str, ...]:
    parts: list[str] = []
    for part in name.split("/"):
        if part == "..":
            parts = parts[:-1]
        elif part not in {"", "."}:
            parts.append(part)
    return (*_ALIASES.get(parts[0], (parts[0],)), *parts[1:]) if parts else ()
