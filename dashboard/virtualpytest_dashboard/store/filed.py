"""Which rows are filed under the suites, tags and other labels that somebody asked for."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from virtualpytest_dashboard.labels import AND, COLUMNS, LEVELS, WITHIN
from virtualpytest_dashboard.listing import Asked
from virtualpytest_dashboard.store.schema import LABELS, RESULT


def narrowed(run: int, asked: Asked) -> list[ColumnElement[bool]]:
    """Return what rows of *run* fulfil that are filed under what was asked for."""
    said = [_says(name, words) for name in COLUMNS if (words := getattr(asked, name))]
    return [RESULT.c.labels.in_(select(LABELS.c.number).where(LABELS.c.run == run, *said))] if said else []


def _says(name: str, words: str) -> ColumnElement[bool]:
    column = LABELS.c[name]
    if name in LEVELS:
        return (column == words) | column.startswith(words + WITHIN, autoescape=True)
    return (AND + column + AND).contains(f"{AND}{words}{AND}", autoescape=True)
