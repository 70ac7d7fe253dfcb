"""Begins what is due, and what waits for its turn, for as long as the dashboard runs.

Several dashboards of one database may do so at once: each time, and each run that waits, is one dashboard's alone.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from sqlalchemy.exc import SQLAlchemyError

from pytest_virtualpytest.exceptions import LeaseError, VirtualPytestError
from virtualpytest_dashboard.campaigns.desk import Desk
from virtualpytest_dashboard.campaigns.queue import Queue
from virtualpytest_dashboard.campaigns.schedules import Outcome, Schedule, Schedules
from virtualpytest_dashboard.lab.site import Site
from virtualpytest_dashboard.lab.survey import in_a_line
from virtualpytest_dashboard.store.database import Database

_EVERY = 1.0  # seconds
LATE = 60.0  # seconds after which a time was missed
_OFF = "dashboard was off"


class Scheduler:
    """Looks at the schedules and the queue in *kept*, for the lab of *site*; use it in a ``with``, or call `look`."""

    def __init__(self, site: Site, kept: Database, clock: Callable[[], float] = time.time) -> None:
        self._site, self._kept, self._clock = site, kept, clock
        self._schedules = Schedules(kept, clock)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="scheduler")

    def __enter__(self) -> Scheduler:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Look no more; what has begun goes on."""
        self._ended.set()
        self._thread.join()

    def look(self) -> None:
        """Begin what is due now, and what can be begun of what waits."""
        for schedule in self._schedules.all():
            if schedule.active:
                self._fire(schedule)
        bench = self._site.bench() if Queue(self._kept).all() else None
        if bench is not None:
            Desk(bench, self._kept).turn()

    def _run(self) -> None:
        while not self._ended.wait(_EVERY):
            try:
                self.look()
            except (SQLAlchemyError, VirtualPytestError, OSError):  # what is away now may be there the next time
                continue

    def _fire(self, schedule: Schedule) -> None:
        """Do what the last time of *schedule* asks for, if nobody has; those before it were missed."""
        now, times = self._clock(), schedule.times
        due, since = times.latest(now), max(schedule.since, self._schedules.last(schedule.id))
        if due <= since or not self._schedules.claim(schedule.id, due):
            return
        missed = times.between(since, due)
        late = now - due > LATE
        if late and not schedule.plan.catch_up:
            self._schedules.settle(schedule.id, due, "skipped", _off(len(missed) + 1))
            return
        if missed and not late:
            self._schedules.claim(schedule.id, missed[-1], "skipped", _off(len(missed)))
        outcome, why = self._begun(schedule)
        caught = f"{_off(len(missed) + 1)}; once for all" if late else ""
        self._schedules.settle(schedule.id, due, outcome, "; ".join(filter(None, [caught, why])))

    def _begun(self, schedule: Schedule) -> tuple[Outcome, str]:
        """Begin the campaign of *schedule*, or tell why not."""
        bench, plan = self._site.bench(), schedule.plan
        if bench is None:
            return "skipped", f"lab file has mistakes: {'; '.join(self._site.problems)}"
        desk = Desk(bench, self._kept)
        if plan.campaign not in desk.campaigns.names:
            return "skipped", f"no such campaign: {plan.campaign}"
        try:
            if plan.busy == "skip" and (why := desk.busy(plan.campaign)):
                return "skipped", why
            waiting = desk.start(plan.campaign, queue=plan.busy == "queue")
        except LeaseError:  # somebody was faster
            return "skipped", "still running"
        except (VirtualPytestError, OSError) as error:
            return "skipped", in_a_line(error)
        return ("queued", waiting.why) if waiting else ("started", "")


def _off(times: int) -> str:
    return _OFF if times == 1 else f"{_OFF}: {times} times"
