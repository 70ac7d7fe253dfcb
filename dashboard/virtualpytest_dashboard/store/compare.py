"""One run held against an earlier one, and one test through all of them.

A test is the same in two runs where its name and full name are: identifiers that allure-pytest makes of objects
differ from one run to the next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, select

from virtualpytest_dashboard.records import RANK, Alike, Past, Row
from virtualpytest_dashboard.store.queries import named, restored
from virtualpytest_dashboard.store.schema import RESULT

CHANGES = ("new", "still", "fixed", "added")
_NOTICED = 500  # milliseconds: what differs by less is as fast
_MOST = 8  # sorts of failures that are told
_BEFORE = RESULT.alias("before")


def share(connection: Connection, run: int, before: int) -> bool:
    """Tell whether the two runs have a test in common."""
    there = exists().where(_same(before))
    found = select(RESULT.c.id).where(RESULT.c.run == run, RESULT.c.shown, there).limit(1)
    return connection.execute(found).first() is not None


def change(word: str, before: int) -> ColumnElement[bool]:
    """Return which rows of a run are changed, in the way that *word* says, since the run *before*."""
    bad, was_bad = RESULT.c.rank < RANK["running"], _BEFORE.c.rank < RANK["running"]
    there = _same(before)
    return {
        "new": and_(bad, exists().where(there), ~exists().where(there, was_bad)),
        "still": and_(bad, exists().where(there, was_bad)),
        "fixed": and_(RESULT.c.verdict == "passed", exists().where(there, was_bad)),
        "added": ~exists().where(there),
    }[word]


def took(word: str, before: int, per_cent: int) -> ColumnElement[bool]:
    """Return which rows that passed took *per_cent* more time ("slower"), or less, than on the same device *before*."""
    now, then = (RESULT.c.took, _BEFORE.c.took) if word == "slower" else (_BEFORE.c.took, RESULT.c.took)
    longer = and_(now * 100 >= then * (100 + per_cent), now - then >= _NOTICED)
    passed = and_(_BEFORE.c.verdict == "passed", _BEFORE.c.device == RESULT.c.device)
    return and_(RESULT.c.verdict == "passed", exists().where(_same(before), passed, longer))


def listed(connection: Connection, run: int, wanted: ColumnElement[bool], at_most: int) -> tuple[int, Sequence[Row]]:
    """Return how many tests of *run* are *wanted*, and the first of them."""
    of_run = (RESULT.c.run == run) & RESULT.c.shown & wanted
    count = connection.execute(select(func.count()).select_from(RESULT).where(of_run)).scalar_one()
    ordered = select(RESULT).where(of_run).order_by(RESULT.c.rank, RESULT.c.full_name, RESULT.c.name).limit(at_most)
    return count, [restored(item) for item in connection.execute(ordered).mappings()] if count else []


def counterparts(connection: Connection, before: int, rows: Sequence[Row]) -> Mapping[str, Row]:
    """Return by the id of each of *rows* the same test in the run *before*: on the same device, if it was on it."""
    at = [named(row.name, row.full_name)["test"] for row in rows]
    of_them = (RESULT.c.run == before) & RESULT.c.shown & RESULT.c.test.in_(at)
    found: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for item in map(restored, connection.execute(select(RESULT).where(of_them)).mappings()):
        found[item.name, item.full_name].append(item)
    same = ((row, found[row.name, row.full_name]) for row in rows)
    return {row.id: min(those, key=lambda that: that.device != row.device) for row, those in same if those}


def changes(connection: Connection, run: int, before: int) -> Mapping[str, int]:
    """Return how many tests of *run* are new failures, still failures, fixed or added since the run *before*."""
    of_run = select(func.count()).select_from(RESULT).where(RESULT.c.run == run, RESULT.c.shown)
    return {word: connection.execute(of_run.where(change(word, before))).scalar_one() for word in CHANGES}


def alike(connection: Connection, run: int) -> Sequence[Alike]:
    """Return the sorts of failures of a run, the most frequent first."""
    bad = (RESULT.c.run == run) & RESULT.c.shown & (RESULT.c.rank < RANK["running"]) & (RESULT.c.alike != "")
    count = func.count().label("count")
    columns = [RESULT.c.alike, RESULT.c.cause, count, func.min(RESULT.c.message).label("message"),
               func.count(RESULT.c.device.distinct()).label("devices")]  # fmt: skip
    grouped = select(*columns).where(bad).group_by(RESULT.c.alike, RESULT.c.cause)
    found = connection.execute(grouped.order_by(count.desc(), RESULT.c.alike).limit(_MOST)).mappings()
    return [Alike(item["alike"], item["cause"], item["count"], item["message"], item["devices"]) for item in found]


def past(connection: Connection, name: str, full_name: str, at_most: int) -> Sequence[tuple[int, Past]]:
    """Return how the test fared in each run, the newest first, with the run's number."""
    at = and_(*(RESULT.c[word] == digest for word, digest in named(name, full_name).items()))
    of_it = at & (RESULT.c.full_name == full_name) & (RESULT.c.name == name) & RESULT.c.shown
    found = connection.execute(select(RESULT).where(of_it).order_by(RESULT.c.start.desc()).limit(at_most)).mappings()
    return [(item["run"], Past("", "", restored(item))) for item in found]


def beside(connection: Connection, run: int, full_name: str, uuid: str, at_most: int) -> Sequence[Any]:
    """Return the other rows of one run of the same test function: on other devices, or with other parameters."""
    at = (RESULT.c.function == named("", full_name)["function"]) & (RESULT.c.run == run)
    of_it = at & (RESULT.c.full_name == full_name) & RESULT.c.shown & (RESULT.c.uuid != uuid)
    ordered = select(RESULT).where(of_it).order_by(RESULT.c.rank, RESULT.c.name, RESULT.c.device).limit(at_most)
    return [restored(item) for item in connection.execute(ordered).mappings()]


def _same(before: int) -> ColumnElement[bool]:
    at = (_BEFORE.c.function == RESULT.c.function) & (_BEFORE.c.test == RESULT.c.test)
    alike = (_BEFORE.c.name == RESULT.c.name) & (_BEFORE.c.full_name == RESULT.c.full_name)
    return at & (_BEFORE.c.run == before) & _BEFORE.c.shown & alike
