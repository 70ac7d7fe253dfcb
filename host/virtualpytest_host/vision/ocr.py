"""Tesseract: its library in this process, or its program where the library is missing."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from pytest_virtualpytest.exceptions import DeviceError
from pytest_virtualpytest.models import Region
from virtualpytest_host.needs import host_extra
from virtualpytest_host.vision import tessdata
from virtualpytest_host.vision.planes import Plane

with host_extra("vision"):
    import cv2

BLOCKS, BLOCK = 3, 6  # Tesseract's ways to look for lines: in columns and blocks, or all over as one block
_MARGIN = 10  # pixels of white around, without which letters at the edge are lost
_DPI = 96
_SECONDS = 30.0


@dataclass(frozen=True)
class Word:
    """What was read as one word, where, how sure (0..1), and the number of its line on the picture."""

    text: str
    region: Region
    confidence: float
    line: int


class Engine(Protocol):
    """Something that reads."""

    def words(self, plane: Plane, lang: str, way: int) -> list[Word]:
        """Return the words on *plane*, dark on white, line by line."""


class Library:
    """Tesseract through tesserocr; each thread has instances of its own, one for each language."""

    def __init__(self, tesserocr: Any) -> None:
        self._tesserocr = tesserocr
        self._own = threading.local()

    def words(self, plane: Plane, lang: str, way: int) -> list[Word]:
        """Return the words on *plane*, dark on white, line by line."""
        api = self._opened(lang)
        api.SetPageSegMode(way)
        api.SetImageBytes(plane.tobytes(), plane.shape[1], plane.shape[0], 1, plane.shape[1])
        api.SetSourceResolution(_DPI)
        api.Recognize()
        return list(_from_tsv(api.GetTSVText(0)))

    def _opened(self, lang: str) -> Any:
        kept: dict[tuple[str, str], Any] = self._own.__dict__.setdefault("kept", {})
        place = str(tessdata.folder(lang))
        if (place, lang) not in kept:
            api = self._tesserocr.PyTessBaseAPI(path=f"{place}/", lang=lang, psm=BLOCKS)
            for name, value in _VARIABLES.items():
                api.SetVariable(name, value)
            kept[place, lang] = api
        return kept[place, lang]


class Program:
    """The command ``tesseract``: a process for each reading."""

    def __init__(self, path: str) -> None:
        self._path = path

    def words(self, plane: Plane, lang: str, way: int) -> list[Word]:
        """Return the words on *plane*, dark on white, line by line."""
        table = {**_VARIABLES, "tessedit_create_tsv": "1"}  # its configuration "tsv" is not beside every data
        settings = [part for name, value in table.items() for part in ("-c", f"{name}={value}")]
        place = ["--tessdata-dir", str(tessdata.folder(lang)), "-l", lang]
        command = [self._path, "stdin", "stdout", *place, "--psm", str(way), "--dpi", str(_DPI), *settings]
        picture = bytes(cv2.imencode(".pgm", plane)[1])
        try:
            done = subprocess.run(command, input=picture, capture_output=True, check=True, timeout=_SECONDS)
        except subprocess.CalledProcessError as error:
            said = error.stderr.decode(errors="replace").strip().splitlines()
            raise DeviceError(f"{self._path} cannot read the picture: {said[-1] if said else error}") from error
        except subprocess.TimeoutExpired as error:
            raise DeviceError(f"{self._path} has not read the picture within {_SECONDS:.0f} s") from error
        return list(_from_tsv(done.stdout.decode("utf-8", "replace")))


def read(plane: Plane, lang: str, way: int = BLOCKS) -> list[Word]:
    """Return the words on *plane*, dark on white; DeviceError if nothing here can read *lang*."""
    bordered = np.pad(plane, _MARGIN, constant_values=255)
    return [_shifted(word) for word in engine().words(bordered, lang, way)]


def engine() -> Engine:
    """Return what reads here."""
    if not _found:
        _found.append(_find())
    return _found[0]


_found: list[Engine] = []
_VARIABLES = {"debug_file": "/dev/null", "tessedit_do_invert": "0"}


def _find() -> Engine:
    os.environ.setdefault("OMP_THREAD_LIMIT", "1")  # its threads wait for each other more than they work
    try:
        import tesserocr  # type: ignore[import-untyped,import-not-found,unused-ignore]  # it may be missing
    except ImportError:
        path = shutil.which("tesseract")
        if path is None:
            hint = "pip install 'virtualpytest[text]', or apt-get install tesseract-ocr"
            raise DeviceError(f"reading text needs tesserocr, or the program tesseract: {hint}") from None
        return Program(path)
    return Library(tesserocr)


def _from_tsv(table: str) -> Iterator[Word]:
    """Yield the words of Tesseract's table: level, page, block, paragraph, line, word, box, confidence, text."""
    lines: dict[tuple[str, ...], int] = {}
    for row in csv.reader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE):
        if len(row) == 12 and row[0] == "5" and row[11].strip():
            number = lines.setdefault(tuple(row[1:5]), len(lines))
            box = Region(*(int(side) for side in row[6:10]))
            yield Word(row[11].strip(), box, max(0.0, float(row[10])) / 100, number)


def _shifted(word: Word) -> Word:
    x, y, wide, high = word.region
    return replace(word, region=Region(x - _MARGIN, y - _MARGIN, wide, high))
