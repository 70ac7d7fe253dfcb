"""How many tests of a run are filed under what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from virtualpytest_dashboard.labels import COLUMNS
from virtualpytest_dashboard.listing import Asked
from virtualpytest_dashboard.store import queries
from virtualpytest_dashboard.store.schema import LABELS, RESULT


def counts(connection: Connection, run: int, asked: Asked, what: str) -> Sequence[Any]:
    """Return how many of the tests that were asked for there are of each *what*, verdict and cause."""
    same = (LABELS.c.run == RESULT.c.run) & (LABELS.c.number == RESULT.c.labels)
    words = func.coalesce(LABELS.c[what], "") if what in COLUMNS else RESULT.c[what]
    groups = [words.label("words"), RESULT.c.verdict, RESULT.c.cause]
    counted = select(*groups, func.count().label("count")).select_from(RESULT.outerjoin(LABELS, same))
    return connection.execute(counted.where(*queries.fits(run, asked)).group_by(*groups)).all()


def known(connection: Connection, run: int) -> Sequence[str]:
    """Return which labels say something of any test of the run."""
    longest = select(*(func.max(LABELS.c[name]) for name in COLUMNS)).where(LABELS.c.run == run)
    return [name for name, words in zip(COLUMNS, connection.execute(longest).one(), strict=True) if words]
