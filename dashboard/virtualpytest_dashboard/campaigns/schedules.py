"""Schedules: which campaign is begun when, and what became of each time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints
from sqlalchemy import Boolean, Column, Float, Integer, Row, Table, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from pytest_virtualpytest.exceptions import ConfigError
from virtualpytest_dashboard.campaigns.cron import Times
from virtualpytest_dashboard.store.database import Database
from virtualpytest_dashboard.store.keeping import KEPT
from virtualpytest_dashboard.store.schema import WORDS

_Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Outcome = Literal["claimed", "started", "queued", "skipped"]

SCHEDULE = Table(
    "schedule", KEPT,
    Column("id", Integer, primary_key=True),
    Column("campaign", WORDS, nullable=False),
    Column("cron", WORDS, nullable=False),
    Column("zone", WORDS, nullable=False),
    Column("busy", WORDS, nullable=False),  # skip, queue
    Column("catch_up", Boolean, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("since", Float, nullable=False),  # times before it do not count
)  # fmt: skip
FIRING = Table(
    "firing", KEPT,
    Column("schedule", Integer, primary_key=True),
    Column("due", Integer, primary_key=True),  # each time is one dashboard's alone
    Column("at", Float, nullable=False),
    Column("outcome", WORDS, nullable=False),
    Column("why", WORDS, nullable=False),
)  # fmt: skip


class Plan(BaseModel):
    """What a schedule says: a *busy* campaign is skipped or waits, a missed time is caught up or skipped."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    campaign: _Line
    cron: _Line
    zone: _Line = "UTC"
    busy: Literal["skip", "queue"] = "skip"
    catch_up: bool = False


@dataclass(frozen=True)
class Schedule:
    """One schedule; *since* when its times count."""

    id: int
    plan: Plan
    active: bool
    since: float

    @property
    def times(self) -> Times:
        """Return when it is due."""
        return Times(self.plan.cron, self.plan.zone)

    def plain(self, now: float) -> dict[str, Any]:
        """Return it as JSON has it, with the *next* three times."""
        coming = self.times.after(now, 3) if self.active else []
        return {"id": self.id, **self.plan.model_dump(), "active": self.active, "next": coming}


@dataclass(frozen=True)
class Firing:
    """What became of one time of a schedule, and *why*."""

    schedule: int
    due: int
    at: float
    outcome: Outcome
    why: str

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


class Schedules:
    """The schedules in *kept* of the campaigns that somebody *sees*; *clock* tells the seconds since the epoch."""

    def __init__(
        self, kept: Database, clock: Callable[[], float] = time.time, sees: Callable[[str], bool] = lambda _: True
    ) -> None:
        self._kept, self._clock, self._sees = kept, clock, sees

    def all(self) -> list[Schedule]:
        """Return every schedule."""
        with self._kept.reading() as connection:
            rows = connection.execute(select(SCHEDULE).order_by(SCHEDULE.c.id))
            return [_schedule(row) for row in rows if self._sees(row.campaign)]

    def get(self, number: int) -> Schedule:
        """Return one schedule; ConfigError if there is none."""
        found = next((schedule for schedule in self.all() if schedule.id == number), None)
        if found is None:
            raise ConfigError(f"no schedule {number}: it may have been deleted")
        return found

    def make(self, plan: Plan) -> Schedule:
        """Keep a schedule whose times count from now on."""
        Times(plan.cron, plan.zone)
        values = {**plan.model_dump(), "active": True, "since": self._clock()}
        with self._kept.writing() as connection:
            made = connection.execute(insert(SCHEDULE), values).inserted_primary_key
        assert made is not None
        return self.get(made[0])

    def change(self, number: int, plan: Plan) -> Schedule:
        """Have a schedule say something else, from now on."""
        Times(plan.cron, plan.zone)
        return self._set(number, **plan.model_dump(), since=self._clock())

    def pause(self, number: int, *, active: bool = False) -> Schedule:
        """Let its times pass, or count again, from now on."""
        return self._set(number, active=active, since=self._clock())

    def delete(self, number: int) -> None:
        """Forget a schedule, and what became of its times."""
        self.get(number)
        with self._kept.writing() as connection:
            connection.execute(delete(SCHEDULE).where(SCHEDULE.c.id == number))
            connection.execute(delete(FIRING).where(FIRING.c.schedule == number))

    def last(self, number: int) -> int:
        """Return the last time of which something became; 0 if there is none."""
        with self._kept.reading() as connection:
            asked = select(func.max(FIRING.c.due)).where(FIRING.c.schedule == number)
            return connection.execute(asked).scalar_one() or 0

    def history(self, most: int = 100) -> list[Firing]:
        """Return what became of the last times, the newest first."""
        mine = [schedule.id for schedule in self.all()]
        with self._kept.reading() as connection:
            asked = select(FIRING).where(FIRING.c.schedule.in_(mine))
            rows = connection.execute(asked.order_by(FIRING.c.due.desc(), FIRING.c.schedule).limit(most))
            return [Firing(**row) for row in rows.mappings()]

    def claim(self, number: int, due: int, outcome: Outcome = "claimed", why: str = "") -> bool:
        """Tell whether this time is ours: it is no other dashboard's then."""
        row = {"schedule": number, "due": due, "at": self._clock(), "outcome": outcome, "why": why}
        try:
            with self._kept.writing() as connection:
                connection.execute(insert(FIRING), row)
        except IntegrityError:
            return False
        return True

    def settle(self, number: int, due: int, outcome: Outcome, why: str) -> None:
        """Say what became of a time that was ours."""
        where = (FIRING.c.schedule == number) & (FIRING.c.due == due)
        with self._kept.writing() as connection:
            connection.execute(update(FIRING).where(where).values(outcome=outcome, why=why))

    def _set(self, number: int, **values: Any) -> Schedule:
        with self._kept.writing() as connection:
            connection.execute(update(SCHEDULE).where(SCHEDULE.c.id == number).values(values))
        return self.get(number)


def _schedule(row: Row[Any]) -> Schedule:
    plan = Plan(campaign=row.campaign, cron=row.cron, zone=row.zone, busy=row.busy, catch_up=row.catch_up)
    return Schedule(row.id, plan, row.active, row.since)
