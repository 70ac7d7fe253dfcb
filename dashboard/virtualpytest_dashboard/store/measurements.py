"""The figures that tests measured, as the journals of the runs tell them, through all runs."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, delete, func, select

from virtualpytest_dashboard import allure, figures, journal
from virtualpytest_dashboard.records import Figure, Summary
from virtualpytest_dashboard.store.database import Database, adding
from virtualpytest_dashboard.store.queries import named
from virtualpytest_dashboard.store.schema import FIGURE, LABELS, RESULT

_BATCH = 500
_TOLD = 6  # figures outside of their limits that the page of a run shows
_COLUMNS = ("name", "unit", "value", "minimum", "maximum", "outside", "device", "host", "test", "uuid", "at", "run")


class Measurements:
    """Keeps what the journal of the run *number* says was measured, with the result that it belongs to."""

    def __init__(self, database: Database, number: int) -> None:
        self._database = database
        self._run = number
        self._settled: tuple[int, set[int]] = -1, set()  # when the run began, and the verdicts that need no more look

    def keep(self, told: journal.Journal) -> None:
        """Store the figures of *told* that are not yet, or whose result was not yet there."""
        if self._settled[0] != told.started:
            self._settled = told.started, self._begin(told.started)
        settled = self._settled[1]
        pending = {at: event for at, event in enumerate(told.measured) if at not in settled}
        for batch in _batches(pending):
            with self._database.reading() as connection:
                found = _results(connection, self._run, [event for _, event in batch])
            rows = [row for at, event in batch for row in self._rows(told.started, at, event, found)]
            with self._database.writing() as connection:
                connection.execute(_instead(connection), rows)
            settled.update(row["number"] for row in rows if row["uuid"])

    def _begin(self, began: int) -> set[int]:
        """Forget the figures of a run before this one in the same folder; return which verdicts are settled."""
        of_run = FIGURE.c.run == self._run
        with self._database.writing() as connection:
            connection.execute(delete(FIGURE).where(of_run, FIGURE.c.began != began))
            return set(connection.execute(select(FIGURE.c.number).where(of_run, FIGURE.c.uuid != "")).scalars())

    def _rows(
        self, began: int, number: int, event: allure.Document, results: Mapping[tuple[str, str], Sequence[Any]]
    ) -> list[dict[str, Any]]:
        test, at = allure.text(event.get("test")), journal.time(event)
        result = _nearest(results.get(journal.names(test), ()), at)
        known = {
            "run": self._run, "began": began, "number": number, "at": at, "test": journal.names(test)[0],
            "uuid": result.uuid if result else "",
            "device": result.device if result else allure.text(event.get("device")),
            "host": result.host if result else allure.text(event.get("host")),
        }  # fmt: skip
        members = allure.members(event["data"]["measurements"])
        read = (figures.read(member) for member in members)
        rows = [{**known, "place": place, **figure} for place, figure in enumerate(filter(None, read))]
        return rows or [{**known, "place": -1, **figures.NONE}]  # a row all the same: it is settled


def _instead(connection: Connection) -> Any:
    """Return what puts a figure into the store, instead of what was known of it."""
    said = adding(connection, FIGURE)
    rest = {column.name: said.excluded[column.name] for column in FIGURE.c if not column.primary_key}
    return said.on_conflict_do_update(index_elements=list(FIGURE.primary_key), set_=rest)


def _batches(pending: Mapping[int, allure.Document]) -> Iterator[list[tuple[int, allure.Document]]]:
    items = list(pending.items())
    return (items[first : first + _BATCH] for first in range(0, len(items), _BATCH))


def _results(
    connection: Connection, run: int, events: Iterable[allure.Document]
) -> Mapping[tuple[str, str], Sequence[Any]]:
    """Return the results of the tests of *events*, by name and full name."""
    at = [named(*journal.names(allure.text(event.get("test")))) for event in events]
    columns = [RESULT.c[name] for name in ("name", "full_name", "uuid", "device", "host", "stop")]
    of_them = [RESULT.c[word].in_({item[word] for item in at}) for word in ("function", "test")]
    of_these = select(*columns).where(*of_them, RESULT.c.run == run, RESULT.c.file != "")
    found: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)
    for result in connection.execute(of_these):
        found[result.name, result.full_name].append(result)
    return found


def _nearest(results: Sequence[Any], at: int) -> Any:
    """Return the result that stopped nearest to *at*: a test that was tried again has several."""
    return min(results, key=lambda result: abs(result.stop - at), default=None)


def summaries(connection: Connection, runs: Sequence[int]) -> list[Summary]:
    """Return what was measured in *runs*: percentiles are by nearest rank."""
    same = (FIGURE.c.name, FIGURE.c.unit)
    rank = func.row_number().over(partition_by=same, order_by=FIGURE.c.value).label("rank")
    many = func.count().over(partition_by=same).label("many")
    ranked = select(FIGURE, rank, many).where(FIGURE.c.run.in_(runs), FIGURE.c.place >= 0).subquery()
    grouped = select(
        ranked.c.name, ranked.c.unit, func.count().label("count"),
        func.sum(case((ranked.c.outside, 1), else_=0)).label("outside"),
        _at(ranked.c.value, ranked.c.rank == (ranked.c.many + 1) // 2).label("median"),
        _at(ranked.c.value, ranked.c.rank == (ranked.c.many * 95 + 99) // 100).label("p95"),
        func.min(ranked.c.value).label("lowest"), func.max(ranked.c.value).label("highest"),
        func.max(ranked.c.minimum).label("minimum"), func.min(ranked.c.maximum).label("maximum"),
        func.count(ranked.c.device.distinct()).label("devices"), func.count(ranked.c.run.distinct()).label("runs"),
    ).group_by(ranked.c.name, ranked.c.unit).order_by(ranked.c.name, ranked.c.unit)  # fmt: skip
    return [Summary(**item) for item in connection.execute(grouped).mappings()]


def _at(value: ColumnElement[float], rank: ColumnElement[bool]) -> ColumnElement[float]:
    return func.max(case((rank, value)))


def newest(connection: Connection, runs: Sequence[int], name: str, at_most: int) -> list[Figure]:
    """Return the figures called *name* in *runs*, the newest first."""
    of_it = (FIGURE.c.name == name) & FIGURE.c.run.in_(runs) & (FIGURE.c.place >= 0)
    return _figures(connection, of_it, at_most)


def outside(connection: Connection, run: int) -> tuple[int, list[Figure]]:
    """Return how many figures of *run* are outside of their limits, and the newest of them."""
    of_these = (FIGURE.c.run == run) & FIGURE.c.outside
    count = connection.execute(select(func.count()).select_from(FIGURE).where(of_these)).scalar_one()
    return count, _figures(connection, of_these, _TOLD) if count else []


def _figures(connection: Connection, wanted: ColumnElement[bool], at_most: int) -> list[Figure]:
    columns = [*(FIGURE.c[name] for name in _COLUMNS), func.coalesce(LABELS.c.firmware, "")]
    result = (RESULT.c.run == FIGURE.c.run) & (RESULT.c.uuid == FIGURE.c.uuid)
    labelled = (LABELS.c.run == RESULT.c.run) & (LABELS.c.number == RESULT.c.labels)
    told = FIGURE.outerjoin(RESULT, result).outerjoin(LABELS, labelled)
    some = select(*columns).select_from(told).where(wanted).order_by(FIGURE.c.at.desc()).limit(at_most)
    found = connection.execute(some)
    return [Figure(*item) for item in found]
