"""The tests of a run as one archive, for hosts that run them: what is below the root, and the lab files.

The archive mirrors the folders here from the one that root, working folder and lab files share, so that paths as
the user typed them mean the same there.
"""

from __future__ import annotations

import fnmatch
import gzip
import hashlib
import io
import os
import tarfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_virtualpytest.exceptions import ConfigError
from pytest_virtualpytest.journal import FILE, folder_of

if TYPE_CHECKING:
    import pytest

LIMIT = 64 << 20  # bytes: tests and pictures are smaller; what is larger was not meant
PIECE = 1 << 20
_NEVER = ("__pycache__", "*.pyc", "node_modules", "*.egg-info", "venv", "*~")
_ENVIRONMENT = "pyvenv.cfg"  # in the folder of a virtual environment


@dataclass(frozen=True)
class Suite:
    """Files by their paths here, and the folder *base* that the archive's names begin at."""

    base: Path
    files: tuple[Path, ...]

    @cached_property
    def archive(self) -> bytes:
        """Return the files, packed: the same bytes for the same files."""
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for path in self.files:
                body = path.read_bytes()
                entry = tarfile.TarInfo(path.relative_to(self.base).as_posix())
                entry.size, entry.mode = len(body), 0o755 if os.access(path, os.X_OK) else 0o644
                tar.addfile(entry, io.BytesIO(body))
        return gzip.compress(packed.getvalue(), 1, mtime=0)

    @cached_property
    def name(self) -> str:
        """Return the hash of the archive."""
        return hashlib.sha256(self.archive).hexdigest()

    def pieces(self) -> Iterator[bytes]:
        """Yield the archive piece by piece."""
        for at in range(0, len(self.archive), PIECE):
            yield self.archive[at : at + PIECE]

    def there(self, path: Path, folder: str) -> str:
        """Return where *path* is on a host that has the suite in *folder*; outside of it, the path itself."""
        try:
            return str(Path(folder) / _straight(path).relative_to(self.base))
        except ValueError:
            return str(path)

    def word(self, word: str, folder: str) -> str:
        """Return an argument as the host must read it: absolute paths into the suite point to its *folder*."""
        option, separator, value = word.rpartition("=") if word.startswith("-") else ("", "", word)
        path, colons, name = value.partition("::")
        if not Path(path).is_absolute() or not Path(path).exists():
            return word
        return f"{option}{separator}{self.there(Path(path), folder)}{colons}{name}"


def suite(config: pytest.Config, labs: Iterable[Path]) -> Suite:
    """Return the suite that *config* runs, with the lab files *labs*; ConfigError if it is too large."""
    root, here = config.rootpath, config.invocation_params.dir
    outside = [_straight(path) for path in labs]
    settings = config.inipath or root / "pytest.ini"
    base = Path(os.path.commonpath([root, here, settings.parent, *(path.parent for path in outside)]))
    results = folder_of(config.getoption("allure_report_dir", None))
    never = (*_NEVER, *config.getini("norecursedirs"))
    found = {path for path in _below(root, never) if not (results and path.is_relative_to(results))}
    found |= {path for lab in outside for path in (lab, *lab.parent.glob("*.png"), *lab.parent.glob("*.toml"))}
    found |= {settings} if settings.exists() else set()
    _check(root, found)
    return Suite(base, tuple(sorted(found)))


def _below(folder: Path, never: Iterable[str]) -> Iterator[Path]:
    """Yield the files below *folder* that are part of the tests."""
    seen = set()
    for name, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(name)
        if real in seen or _ENVIRONMENT in files or (FILE in files and Path(name) != folder):
            folders.clear()
            continue
        seen.add(real)
        folders[:] = [one for one in folders if not _hidden(one, never)]
        paths = [Path(name, one) for one in files if not _hidden(one, never)]
        yield from (path for path in paths if path.is_file())


def _hidden(name: str, never: Iterable[str]) -> bool:
    return name.startswith(".") or any(fnmatch.fnmatch(name, pattern) for pattern in never)


def _straight(path: Path) -> Path:
    """Return *path* from the root on and without ``..``, as pytest has its own paths: links are not followed."""
    return Path(os.path.normpath(path.absolute()))


def _check(root: Path, files: Iterable[Path]) -> None:
    sizes = sorted(((path.stat().st_size, path) for path in files), reverse=True)
    total = sum(size for size, _ in sizes)
    if total > LIMIT:
        largest = ", ".join(f"{os.path.relpath(path, root)} ({size / 1e6:.0f} MB)" for size, path in sizes[:3])
        raise ConfigError(
            f"--vpt-on-hosts: the {len(sizes)} files below {root} are {total / 1e6:.0f} MB, at most "
            f"{LIMIT / 1e6:.0f} MB are sent to a host; the largest: {largest}; name folders that tests "
            "do not need in norecursedirs"
        )
