"""Runs that wait for their turn: each is begun once, by whichever dashboard sees first that it can be."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Boolean, Column, Float, Integer, Table, insert, select, update

from pytest_virtualpytest.exceptions import LeaseError
from virtualpytest_dashboard.store.database import Database
from virtualpytest_dashboard.store.keeping import KEPT
from virtualpytest_dashboard.store.schema import WORDS

WAITING = Table(
    "waiting", KEPT,
    Column("id", Integer, primary_key=True),
    Column("campaign", WORDS, nullable=False),
    Column("failed", Boolean, nullable=False),
    Column("at", Float, nullable=False),
    Column("state", WORDS, nullable=False, index=True),  # waiting, begun, withdrawn, failed
    Column("why", WORDS, nullable=False),
)  # fmt: skip


@dataclass(frozen=True)
class Waiting:
    """One run that waits: since when, and for what; *failed* as in `Campaigns.start`."""

    id: int
    campaign: str
    failed: bool
    at: float
    why: str
    place: int

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


class Queue:
    """The runs that wait, in their order, of the campaigns that somebody *sees*."""

    def __init__(self, kept: Database, sees: Callable[[str], bool] = lambda _: True) -> None:
        self._kept, self._sees = kept, sees

    def put(self, campaign: str, why: str, *, failed: bool = False) -> Waiting:
        """Have a run of *campaign* wait, as *why* says."""
        values = {"campaign": campaign, "failed": failed, "at": time.time(), "state": "waiting", "why": why}
        with self._kept.writing() as connection:
            made = connection.execute(insert(WAITING), values).inserted_primary_key
        assert made is not None
        return next(one for one in self.all() if one.id == made[0])

    def all(self) -> list[Waiting]:
        """Return those that wait, the next one first."""
        with self._kept.reading() as connection:
            rows = connection.execute(select(WAITING).where(WAITING.c.state == "waiting").order_by(WAITING.c.id)).all()
        return [Waiting(row.id, row.campaign, row.failed, row.at, row.why, place)
                for place, row in enumerate(rows, 1) if self._sees(row.campaign)]  # fmt: skip

    def claim(self, number: int) -> bool:
        """Tell whether it is ours to begin: it is nobody else's then."""
        return self._move(number, "waiting", "begun")

    def settle(self, number: int, state: str, why: str) -> None:
        """Say what has become of one that was ours to begin."""
        with self._kept.writing() as connection:
            connection.execute(update(WAITING).where(WAITING.c.id == number).values(state=state, why=why))

    def withdraw(self, number: int) -> None:
        """Let it wait no more; LeaseError if it does not."""
        known = any(one.id == number for one in self.all())
        if not known or not self._move(number, "waiting", "withdrawn"):
            raise LeaseError(f"no run {number} waits: it has begun, or was withdrawn")

    def _move(self, number: int, before: str, after: str) -> bool:
        """Tell whether it was in state *before*, and is now in *after*."""
        asked = update(WAITING).where(WAITING.c.id == number, WAITING.c.state == before).values(state=after)
        with self._kept.writing() as connection:
            return connection.execute(asked).rowcount == 1
