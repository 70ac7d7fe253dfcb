"""Screens of names and values, such as "About this box": rows of two columns, or of a name, a colon and a value."""

from __future__ import annotations

from collections.abc import Sequence

from virtualpytest_host.picture import Picture
from virtualpytest_host.vision.ocr import Word
from virtualpytest_host.vision.reading import Line, Manner, lines, plain


def read(picture: Picture, manner: Manner) -> dict[str, str]:
    """Return names and values from top to bottom; of a name that is there twice, the first."""
    found: dict[str, str] = {}
    for row in _rows(lines(picture, manner)):
        name, value = _parted([plain(cell) for cell in row])
        if name and value:
            found.setdefault(name, value)
    return found


def _rows(cells: Sequence[Line]) -> list[list[Line]]:
    """Return *cells* row by row, each from left to right: those beside one another are one row."""
    rows: list[list[Line]] = []
    for cell in sorted(cells, key=_middle):
        if rows and _middle(cell) - _middle(rows[-1][0]) < _height(cell) / 2:
            rows[-1].append(cell)
        else:
            rows.append([cell])
    return [sorted(row, key=lambda cell: cell[0].region.x) for row in rows]


def _parted(cells: Sequence[str]) -> tuple[str, str]:
    """Return name and value of a row; both are empty where it is no such row."""
    first, *rest = cells
    name, colon, value = first.partition(":")
    if colon and (not value or value.startswith(" ")):
        return name.strip(), " ".join([value, *rest]).strip()
    return (first, " ".join(rest)) if rest else ("", "")


def _middle(cell: Sequence[Word]) -> float:
    box = max((word.region for word in cell), key=lambda region: region.height)
    return box.y + box.height / 2


def _height(cell: Sequence[Word]) -> int:
    return max(word.region.height for word in cell)
