"""What was tested on a device, through all runs.

The text of a row's device names several where a test had several; an index finds each text in no time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, func, select

from virtualpytest_dashboard.records import BOTH, RANK
from virtualpytest_dashboard.store.schema import LABELS, RESULT

_TOLD = [RESULT.c[name] for name in ("run", "uuid", "name", "verdict", "cause", "attempt", "device", "start")]
_FILED = (LABELS.c.run == RESULT.c.run) & (LABELS.c.number == RESULT.c.labels)
_ROWS = select(*_TOLD, func.coalesce(LABELS.c.firmware, "")).select_from(RESULT.outerjoin(LABELS, _FILED))


class Ran(NamedTuple):
    """One test on a device, alone or with others; *firmware* is the device's, where the result tells it."""

    run: int
    uuid: str
    name: str
    verdict: str
    cause: str
    attempt: int
    device: str
    start: int
    firmware: str

    @property
    def bad(self) -> bool:
        """Tell whether somebody should look at it."""
        return RANK.get(self.verdict, 0) < RANK["running"]


def ran(connection: Connection, runs: Sequence[int], names: Sequence[str], at_most: int) -> dict[str, list[Ran]]:
    """Return the tests that ran on each of the devices *names* in *runs*, the newest first, *at_most* of each."""
    several = [text for text in _texts(connection) if BOTH in text]
    shown = (RESULT.c.start > 0) & RESULT.c.shown & (RESULT.c.run + 0).in_(runs)  # found by the device, not the run
    newest = _ROWS.where(shown).order_by(RESULT.c.start.desc()).limit(at_most)
    return {name: _of(connection, newest, name, several)[:at_most] for name in names}


def _of(connection: Connection, newest: Select[Any], name: str, several: Sequence[str]) -> list[Ran]:
    found = [Ran(*row) for row in connection.execute(newest.where(RESULT.c.device == name))]
    if shared := [text for text in several if name in text.split(BOTH)]:
        rows = connection.execute(newest.where(RESULT.c.device.in_(shared)))
        found += [Ran(*row)._replace(firmware="") for row in rows]  # it does not tell whose that is
        found.sort(key=lambda one: one.start, reverse=True)
    return found


def _texts(connection: Connection) -> Iterator[str]:
    """Yield each text that there is of a row's device, by a jump in the index to the next one."""
    first = select(func.min(RESULT.c.device).label("text"))
    found = first.cte("found", recursive=True)
    after = select(func.min(RESULT.c.device)).where(RESULT.c.device > found.c.text).scalar_subquery()
    found = found.union_all(select(after).where(found.c.text.is_not(None)))
    for text in connection.execute(select(found.c.text)).scalars():
        if text:
            yield text
