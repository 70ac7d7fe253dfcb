"""What the pages ask the store."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, select

from virtualpytest_dashboard.listing import PAGE, Asked, Listing
from virtualpytest_dashboard.records import BOTH, RANK, Row, Unreadable
from virtualpytest_dashboard.store import search
from virtualpytest_dashboard.store.filed import narrowed
from virtualpytest_dashboard.store.schema import FILE, RESULT

_TIES = (RESULT.c.rank, RESULT.c.start, RESULT.c.name)
_KEPT = ("name", "verdict", "full_name", "category", "cause", "device", "host", "message", "start", "stop", "picture",
         "file", "alike")  # fmt: skip
_ORDERS: Mapping[str, tuple[Any, ...]] = {
    "verdict": _TIES,
    "test": (RESULT.c.name, RESULT.c.start),
    "device": (RESULT.c.device == "", RESULT.c.device, RESULT.c.host, *_TIES),
    "duration": (RESULT.c.took.desc(), *_TIES),
    "start": (RESULT.c.start, *_TIES),
}


def named(name: str, full_name: str) -> dict[str, int]:
    """Return the digests by which the index finds a test and its function: equal ones want a look at the names."""
    return {"function": _digest(full_name), "test": _digest(f"{name}\n{full_name}")}


def _digest(words: str) -> int:
    return int.from_bytes(hashlib.blake2b(words.encode(), digest_size=8).digest(), "big", signed=True)


def restored(found: Mapping[Any, Any], earlier: Sequence[Row] = ()) -> Row:
    """Return the row that was kept as *found*."""
    kept = {name: found[name] for name in _KEPT}
    key = (found["key"],) if found["key"] else ()
    return Row(id=found["uuid"], key=key, earlier=earlier, **kept)


def listing(connection: Connection, run: int, asked: Asked, *more: ColumnElement[bool]) -> Listing:
    """Return the page of the run's rows that was asked for, the last one if there are not as many."""
    wanted, order = [*_asked(run, asked), *more], _ORDERS[asked.order]
    hits = search.found(connection, run, asked.q)
    if hits is not None:
        numbers = connection.execute(select(RESULT.c.id).where(hits, *wanted).order_by(*order)).scalars().all()
        at, page, pages = _place(asked, len(numbers))
        some = select(RESULT).where(RESULT.c.id.in_(numbers[at : at + PAGE])).order_by(*order)
        return Listing(asked.on(page), _rows(connection, run, some), len(numbers), pages)
    of_these = [RESULT.c.run == run, *wanted]
    total = connection.execute(select(func.count()).select_from(RESULT).where(*of_these)).scalar_one()
    at, page, pages = _place(asked, total)
    some = select(RESULT).where(*of_these).order_by(*order).limit(PAGE).offset(at)
    return Listing(asked.on(page), _rows(connection, run, some), total, pages)


def _place(asked: Asked, total: int) -> tuple[int, int, int]:
    """Return the first row of the page that was asked for, its number, and how many there are."""
    pages = max(1, -(-total // PAGE))
    page = min(asked.page, pages)
    return (page - 1) * PAGE, page, pages


def fits(run: int, asked: Asked) -> list[ColumnElement[bool]]:
    """Return what the rows of *run* fulfil that were asked for."""
    return [RESULT.c.run == run, *_asked(run, asked)]


def _asked(run: int, asked: Asked) -> list[ColumnElement[bool]]:
    fits = [RESULT.c.shown, *narrowed(run, asked)]
    fits += [RESULT.c[name] == said for name in ("cause", "category", "alike") if (said := getattr(asked, name))]
    fits += [RESULT.c.words.contains(word, autoescape=True) for word in asked.q.lower().split()]
    if asked.device:
        fits.append((BOTH + RESULT.c.device + BOTH).contains(f"{BOTH}{asked.device}{BOTH}", autoescape=True))
    return [*fits, *_verdict(asked.verdict)]


def _verdict(verdict: str) -> list[ColumnElement[bool]]:
    if verdict == "retried":
        return [RESULT.c.attempt > 1]
    if verdict == "bad":
        return [RESULT.c.rank < RANK["running"]]
    return [RESULT.c.verdict == verdict] if verdict else []


def rows(connection: Connection, run: int) -> list[Row]:
    """Return every test of a run, what somebody should look at first."""
    return _rows(connection, run, select(RESULT).where(RESULT.c.run == run, RESULT.c.shown).order_by(*_TIES))


def _rows(connection: Connection, run: int, wanted: Any) -> list[Row]:
    found = connection.execute(wanted).mappings().all()
    again = [item["uuid"] for item in found if item["attempt"] > 1]
    earlier = _earlier(connection, run, again) if again else {}
    return [restored(item, earlier.get(item["uuid"], ())) for item in found]


def _earlier(connection: Connection, run: int, newest: Iterable[str]) -> Mapping[str, Sequence[Row]]:
    of_these = (RESULT.c.run == run) & RESULT.c.newest.in_(list(newest)) & ~RESULT.c.shown
    found: defaultdict[str, list[Row]] = defaultdict(list)
    for item in connection.execute(select(RESULT).where(of_these).order_by(RESULT.c.attempt.desc())).mappings():
        found[item["newest"]].append(restored(item))
    return found


def attempt(connection: Connection, run: int, uuid: str) -> tuple[Row, Row] | None:
    """Return the attempt *uuid*, and the one of the same test that counts."""
    of_it = select(RESULT.c.newest).where(RESULT.c.run == run, RESULT.c.uuid == uuid)
    counts = _rows(connection, run, select(RESULT).where(RESULT.c.run == run, RESULT.c.uuid.in_(of_it)))
    pairs = ((row, newest) for newest in counts for row in (newest, *newest.earlier))
    return next((pair for pair in pairs if pair[0].id == uuid), None)


def tally(connection: Connection, run: int) -> Sequence[Mapping[Any, Any]]:
    """Return how many tests there are of each device, host, verdict, cause and category, with their times."""
    alike = [RESULT.c[name] for name in ("device", "host", "verdict", "cause", "category")]
    first = func.min(case((RESULT.c.start > 0, RESULT.c.start))).label("start")
    again = func.sum(case((RESULT.c.attempt > 1, 1), else_=0)).label("again")
    counted = select(*alike, func.count().label("count"), first, func.max(RESULT.c.stop).label("stop"), again)
    return connection.execute(counted.where(RESULT.c.run == run, RESULT.c.shown).group_by(*alike)).mappings().all()


def unreadable(connection: Connection, run: int) -> list[Unreadable]:
    """Return the files of a run that say nothing, and why."""
    found = select(FILE.c.name, FILE.c.why).where(FILE.c.run == run, FILE.c.why != "").order_by(FILE.c.name)
    return [Unreadable(name, why) for name, why in connection.execute(found)]


def readable(connection: Connection, run: int) -> list[str]:
    """Return the documents of a run that were read."""
    documents = FILE.c.name.endswith(".json", autoescape=True)
    found = select(FILE.c.name).where(FILE.c.run == run, FILE.c.why == "", documents).order_by(FILE.c.name)
    return list(connection.execute(found).scalars())


def globals_of(connection: Connection, run: int) -> list[str]:
    """Return the files of a run that tell what went wrong outside of any test."""
    named = FILE.c.name.endswith("-globals.json", autoescape=True)
    return list(connection.execute(select(FILE.c.name).where(FILE.c.run == run, named).order_by(FILE.c.name)).scalars())


def spans(connection: Connection, run: int) -> list[Row]:
    """Return every attempt of a run that has begun, in the order of their starts, as far as a timeline shows it."""
    columns = [RESULT.c[name] for name in ("uuid", "name", "verdict", "device", "host", "start", "stop")]
    found = connection.execute(select(*columns).where(RESULT.c.run == run, RESULT.c.start > 0).order_by(RESULT.c.start))
    return [Row(uuid, name, verdict, device=device, host=host, start=start, stop=stop)
            for uuid, name, verdict, device, host, start, stop in found]  # fmt: skip


def with_files(connection: Connection, run: int) -> list[Row]:
    """Return the tests of a run that have a result, as far as the journal is held against them."""
    columns = [RESULT.c[name] for name in ("uuid", "name", "full_name", "verdict", "start", "stop")]
    found = connection.execute(select(*columns).where(RESULT.c.run == run, RESULT.c.shown, RESULT.c.file != ""))
    return [Row(uuid, name, verdict, full_name, start=start, stop=stop)
            for uuid, name, full_name, verdict, start, stop in found]  # fmt: skip
