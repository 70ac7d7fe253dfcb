"""Where a target's reference pictures are, and how they reach the device's host.

A picture is looked for beside the file that names it, then in each folder above, up to the root. In one
folder the most specific variant wins: with ``variant = ["horizon", "fr"]`` it is ``banner.horizon.fr.png``,
``banner.horizon.png``, ``banner.fr.png``, ``banner.png``. A file ``banner.toml`` beside the picture may hold
``region``, ``mask`` (a picture, white where it counts), ``threshold``, ``scales`` and ``resolution`` (of the screen
that the picture was cut from); a variant with a file of its own name, ``banner.fr.toml``, has that one.
"""

from __future__ import annotations

import difflib
import functools
import hashlib
import itertools
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from pytest_virtualpytest import targets
from pytest_virtualpytest.candidates import SUFFIX
from pytest_virtualpytest.exceptions import ReferenceNotFound, VirtualPytestError
from pytest_virtualpytest.link import Link, caller
from pytest_virtualpytest.literals import SUFFIXES
from pytest_virtualpytest.models import Region
from pytest_virtualpytest.targets import Image, Target

if TYPE_CHECKING:
    from pytest_virtualpytest.config import DeviceConfig

Area: TypeAlias = "Region | tuple[int, int, int, int] | None"

_ASIDE = {"region": 4, "resolution": 2, "threshold": 0, "mask": 0, "scales": 0}  # how many whole numbers each has


class Looking:
    """The references of one device's tests; what a host has been sent once is not sent again."""

    def __init__(self, link: Link, config: DeviceConfig, root: Path | None = None) -> None:
        self._link, self._variants, self._root = link, config.variant, root
        self.lang = config.lang
        self._there: set[str] = set()

    def resolved(self, target: Target | str, region: Area = None, beside: Path | None = None) -> Target:
        """Return *target* with its pictures looked up, from the caller's file or *beside* on; or ReferenceNotFound."""
        __tracebackhide__ = True
        if isinstance(target, targets.Heard):
            raise VirtualPytestError(f"{target} is heard, not seen; use audio.wait_for, or All(...) with a picture")
        file = beside or caller()
        found = targets.resolve(target, lambda image: self._found(image, file), self.lang)
        return targets.in_region(found, region)

    def shipped(self, target: Target) -> dict[str, Any]:
        """Return *target* as the host reads it, once the host has its pictures."""
        __tracebackhide__ = True
        shas = {sha for image in targets.images(target) for sha in (image.sha, image.mask) if sha} - self._there
        if shas:
            for sha in self._link.call("references.missing", {"shas": sorted(shas)}).value:
                self._link.call("references.put", {"sha": sha}, blobs=[content(sha)])
            self._there |= shas
        return targets.to_wire(target)

    def _found(self, image: Image, file: Path) -> Image:
        """Return *image* with what its files say; what the test itself says comes first."""
        __tracebackhide__ = True
        return described(image, locate(image.name, file, self._variants, self._root))


def described(image: Image, path: Path) -> Image:
    """Return *image*, whose picture is *path*, with what the file beside it says where *image* says nothing."""
    own, common = path.with_suffix(".toml"), path.parent / f"{Path(image.name).stem}.toml"
    aside = _aside(own if own.is_file() else common)
    mask = path.parent / aside.pop("mask") if "mask" in aside else None
    kept = {name: value for name, value in aside.items() if getattr(image, name) is None}
    sha = _read(path)
    _paths[sha] = path
    return replace(image, sha=sha, mask=_read(mask) if mask else "", **kept)


def path_of(sha: str) -> Path:
    """Return the file of the picture that was looked up with the hash *sha*, the last one of several."""
    return _paths[sha]


def content(sha: str) -> bytes:
    """Return the picture that was read with the hash *sha*."""
    return _contents[sha]


def locate(name: str, file: Path, variants: Sequence[str], root: Path | None) -> Path:
    """Return the picture *name* that *file* names, or raise ReferenceNotFound: where was looked, and what is near."""
    path = Path(name)
    if not path.name:
        raise ReferenceNotFound(f"{name!r} is no name of a picture; named in {file}")
    if path.suffix == SUFFIX:
        raise ReferenceNotFound(f"{name}: a candidate is no reference; accept it with `virtualpytest references`")
    wanted = [path.with_name(".".join([path.stem, *words]) + path.suffix) for words in _words(variants)]
    folders = list(_folders(file, root))
    for folder in folders:
        for candidate in wanted:
            if (folder / candidate).is_file():
                return folder / candidate
    raise ReferenceNotFound(f"{name}: no such picture; looked in {_list(folders)}{_near(name, folders)}")


def _words(variants: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield what may stand before the suffix, most specific first."""
    for count in range(len(variants), -1, -1):
        yield from itertools.combinations(variants, count)


def _folders(file: Path, root: Path | None) -> Iterator[Path]:
    yield file.parent
    if root is not None and root in file.parents:
        yield from itertools.takewhile(lambda folder: folder != root.parent, file.parent.parents)


def _list(folders: Sequence[Path]) -> str:
    return f"{folders[0]} and the folders above, up to {folders[-1]}" if len(folders) > 1 else str(folders[0])


def _near(name: str, folders: Sequence[Path]) -> str:
    wanted = Path(name)
    present = (path for folder in folders for path in sorted((folder / wanted.parent).glob("*.*")))
    known = {path.stem: path.name for path in present if _picture(path)}
    near = difflib.get_close_matches(wanted.stem, known, 3)
    return f"; did you mean {' or '.join(repr(str(wanted.with_name(known[one]))) for one in near)}?" if near else ""


def _picture(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES


_contents: dict[str, bytes] = {}
_paths: dict[str, Path] = {}


def _read(path: Path) -> str:
    """Return the hash of the file's present content, which is kept."""
    try:
        status = path.stat()
        return _hashed(path, status.st_mtime_ns, status.st_ino, status.st_size)
    except OSError as error:
        raise ReferenceNotFound(f"{path.name}: {path} cannot be read: {error.strerror}") from None


@functools.lru_cache(maxsize=4096)
def _hashed(path: Path, _changed: int, _inode: int, _size: int) -> str:
    content = path.read_bytes()
    sha = hashlib.sha256(content).hexdigest()
    _contents[sha] = content
    return sha


def _aside(path: Path) -> dict[str, Any]:
    """Return what the file beside a picture says, checked."""
    if not path.is_file():
        return {}
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise ReferenceNotFound(f"{path}: {error}") from None
    return {name: _value(path, name, value) for name, value in said.items()}


def _value(path: Path, name: str, value: Any) -> Any:
    if name not in _ASIDE:
        near = difflib.get_close_matches(name, _ASIDE, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(_ASIDE)}"
        raise ReferenceNotFound(f"{path}: unknown key {name!r}; {hint}")
    count = _ASIDE[name]
    if count:
        if not isinstance(value, list) or len(value) != count or not all(type(part) is int for part in value):
            raise ReferenceNotFound(f"{path}: {name} must be {count} whole numbers, not {value!r}")
        if min(value[-2:]) <= 0:
            raise ReferenceNotFound(f"{path}: {name} must have a width and a height above 0, not {value!r}")
        return Region(*value) if name == "region" else tuple(value)
    if name == "mask" and not isinstance(value, str):
        raise ReferenceNotFound(f"{path}: mask must be the name of a picture, not {value!r}")
    if name == "scales" and not _are_scales(value):
        raise ReferenceNotFound(f"{path}: scales must be numbers from 0.1 to 10, as in [0.9, 1.0], not {value!r}")
    if name == "threshold" and not (type(value) in (int, float) and 0 < value <= 1):
        raise ReferenceNotFound(f"{path}: threshold must be a number above 0 and at most 1, not {value!r}")
    return value


def _are_scales(value: Any) -> bool:
    return (
        isinstance(value, list) and bool(value)
        and all(type(one) in (int, float) and 0.1 <= one <= 10 for one in value)
    )  # fmt: skip
