"""How steady tests are: which passed and failed within one run, or change from run to run.

A run is unsteady for a test if attempts of it both passed and failed there, or if its verdict is not that of the run
before. A test is flaky with one run of the first sort, or two changes: one alone is a fault that came, or went.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, case, func, literal, or_, select, tuple_

from virtualpytest_dashboard.store.queries import named
from virtualpytest_dashboard.store.schema import RESULT

_BAD = ("failed", "broken", "lost", "hung")
_DOUBTED = 5000  # tests of one run that are looked up


@dataclass(frozen=True)
class Steadiness:
    """How a test fared, on one *device* or on all: in how many runs, and in how many of these it was unsteady."""

    full_name: str
    name: str
    device: str
    runs: int
    unsteady: int
    within: int  # runs in which it both passed and failed
    changes: int  # of its verdict, from run to run
    failures: int  # runs that it failed in the end

    @property
    def flaky(self) -> bool:
        """Tell whether its verdict is not to be trusted."""
        return self.within > 0 or self.changes > 1

    @property
    def rate(self) -> float:
        """Return the part of its runs in which it was unsteady."""
        return self.unsteady / self.runs if self.runs else 0.0


def flaky(connection: Connection, runs: Sequence[int], at_most: int, *, by_device: bool) -> Sequence[Steadiness]:
    """Return the tests, or tests on a device, that were flaky in *runs*, the worst first."""
    found = _steadiness(runs, by_device=by_device).subquery()
    rate = (found.c.unsteady * 1.0 / found.c.runs).desc()
    wanted = select(found).where(or_(found.c.within > 0, found.c.changes > 1))
    ordered = wanted.order_by(rate, found.c.unsteady.desc(), found.c.full_name, found.c.name, found.c.device)
    return [Steadiness(**item) for item in connection.execute(ordered.limit(at_most)).mappings()]


def of_test(connection: Connection, runs: Sequence[int], full_name: str, name: str) -> Sequence[Steadiness]:
    """Return how steady one test was in *runs*, for each device."""
    it = (RESULT.c.full_name == full_name) & (RESULT.c.name == name)
    found = connection.execute(_steadiness(runs, _of([(full_name, name)]), it, by_device=True)).mappings()
    return sorted((Steadiness(**item) for item in found), key=lambda one: one.device)


def suspects(connection: Connection, runs: Sequence[int], run: int) -> set[tuple[str, str]]:
    """Return the tests of *run*, bad or tried again in it, that were flaky in *runs*, by name and full name."""
    doubted = (RESULT.c.run == run) & RESULT.c.shown & or_(RESULT.c.verdict.in_(_BAD), RESULT.c.attempt > 1)
    found = connection.execute(select(RESULT.c.name, RESULT.c.full_name).where(doubted).limit(_DOUBTED))
    doubts = {(name, full_name) for name, full_name in found}
    of_them = _of((full_name, name) for name, full_name in doubts)
    steady = connection.execute(_steadiness(runs, of_them, by_device=False)).mappings() if doubts else ()
    return doubts & {(one.name, one.full_name) for item in steady if (one := Steadiness(**item)).flaky}


def _of(tests: Iterable[tuple[str, str]]) -> ColumnElement[bool]:
    """Return which rows are of *tests*, by full name and name, as far as digests tell."""
    found = [named(name, full_name) for full_name, name in tests]
    return and_(*(RESULT.c[word].in_({one[word] for one in found}) for word in ("function", "test")))


def _steadiness(runs: Sequence[int], *more: ColumnElement[bool], by_device: bool) -> Select[Any]:
    told = _told(runs, *more, by_device=by_device).subquery()
    changed = and_(told.c.before.is_not(None), told.c.before != told.c.bad)
    mixed = told.c.mixed == 1
    test = (told.c.full_name, told.c.name, told.c.device)
    return select(
        *test, func.count().label("runs"), _count(or_(mixed, changed)).label("unsteady"),
        _count(mixed).label("within"), _count(changed).label("changes"), func.sum(told.c.bad).label("failures"),
    ).group_by(*test)  # fmt: skip


def _told(runs: Sequence[int], *more: ColumnElement[bool], by_device: bool) -> Select[Any]:
    """Return what each of *runs* told of each test, with whether it was bad in the one before."""
    once = _once(runs, *more).subquery()
    test = (once.c.full_name, once.c.name)
    device = once.c.device if by_device else literal("")
    each = select(
        *test, device.label("device"), func.max(once.c.passed * once.c.failed).label("mixed"),
        func.max(once.c.bad).label("bad"), func.max(once.c.at).label("at"),
    ).group_by(*test, *((once.c.device,) if by_device else ()), once.c.run).subquery()  # fmt: skip
    same = (each.c.full_name, each.c.name, each.c.device)
    before = func.lag(each.c.bad).over(partition_by=same, order_by=each.c.at)
    return select(each, before.label("before"))


def _once(runs: Sequence[int], *more: ColumnElement[bool]) -> Select[Any]:
    """Return what all attempts of a test told together, where the last of them ran."""
    bad, passed = RESULT.c.verdict.in_(_BAD), RESULT.c.verdict == "passed"
    return select(
        RESULT.c.run, func.max(RESULT.c.full_name).label("full_name"), func.max(RESULT.c.name).label("name"),
        func.max(case((RESULT.c.shown, RESULT.c.device), else_="")).label("device"),
        _any(passed).label("passed"), _any(bad).label("failed"), _any(and_(bad, RESULT.c.shown)).label("bad"),
        func.max(RESULT.c.start).label("at"),
    ).where(RESULT.c.run.in_(runs), or_(bad, passed), *more).group_by(RESULT.c.run, RESULT.c.newest)  # fmt: skip


def among(tests: Iterable[tuple[str, str]]) -> ColumnElement[bool]:
    """Return which rows are of *tests*, by name and full name."""
    return tuple_(RESULT.c.name, RESULT.c.full_name).in_(sorted(tests))


def states(connection: Connection, runs: Sequence[int], tests: Iterable[tuple[str, str]]) -> Sequence[Any]:
    """Return the rows that count of *tests*, by full name and name, in *runs*, from the oldest to the newest."""
    names = set(tests)
    columns = [RESULT.c[name] for name in ("run", "uuid", "full_name", "name", "device", "verdict", "start", "attempt")]
    found = select(*columns).where(RESULT.c.run.in_(runs), RESULT.c.shown, _of(names)).order_by(RESULT.c.start)
    return [item for item in connection.execute(found) if (item.full_name, item.name) in names]


def _any(said: ColumnElement[bool]) -> ColumnElement[int]:
    return func.max(case((said, 1), else_=0))


def _count(said: ColumnElement[bool]) -> ColumnElement[int]:
    return func.sum(case((said, 1), else_=0))
