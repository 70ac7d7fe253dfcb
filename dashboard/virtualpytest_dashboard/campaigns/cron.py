"""When a schedule is due: a line of cron in a time zone, by Debian cron's rules for clocks put forward or back.

A time that the clock leaps over is due right after the leap, one that it comes to twice is due the first time; what
is due every minute or hour goes by the time that passes.
"""

from __future__ import annotations

import itertools
import zoneinfo
from collections.abc import Iterator
from datetime import datetime

from cronsim import CronSim, CronSimError

from pytest_virtualpytest.config.words import nearest
from pytest_virtualpytest.exceptions import ConfigError

_FIELDS = (
    "minute (0-59)", "hour (0-23)", "day of the month (1-31)", "month (1-12)", "day of the week (0-7 or SUN-SAT)",
)  # fmt: skip
_MANY = 1000  # times that are counted


class Times:
    """The times of *cron* in *zone*, in seconds since the epoch; ConfigError for what is neither."""

    def __init__(self, cron: str, zone: str) -> None:
        self._cron, self._zone = cron, _zone(zone)
        _check(cron, self._zone)

    def after(self, moment: float, count: int) -> list[int]:
        """Return the next *count* times after *moment*."""
        return list(itertools.islice(self._after(moment), count))

    def latest(self, moment: float) -> int:
        """Return the last time until *moment*."""
        local = datetime.fromtimestamp(int(moment) + 1, self._zone)
        return int(next(CronSim(self._cron, local, reverse=True)).timestamp())

    def between(self, moment: float, until: float) -> list[int]:
        """Return the times after *moment* and before *until*; not more than are worth counting."""
        return list(itertools.islice(itertools.takewhile(lambda due: due < until, self._after(moment)), _MANY))

    def _after(self, moment: float) -> Iterator[int]:
        local = datetime.fromtimestamp(int(moment), self._zone)
        return (int(due.timestamp()) for due in CronSim(self._cron, local))


def _zone(name: str) -> zoneinfo.ZoneInfo:
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
        known = zoneinfo.available_timezones()
        near = nearest(name, known)
        todo = near if near.startswith("; did") else "; write one such as 'Europe/Paris' or 'UTC'"
        raise ConfigError(f"zone {name!r}: no such time zone{todo}") from error


def _check(cron: str, zone: zoneinfo.ZoneInfo) -> None:
    if len(cron.split()) != len(_FIELDS):
        raise ConfigError(f"cron {cron!r}: {len(cron.split())} fields, not five: {_wanted()}")
    try:
        next(CronSim(cron, datetime.fromtimestamp(0, zone)))
    except CronSimError as error:
        what = str(error).removeprefix("Bad ").replace("day-of-", "day of the ")
        raise ConfigError(f"cron {cron!r}: the {what} cannot be: {_wanted()}") from error
    except StopIteration:
        raise ConfigError(f"cron {cron!r}: never comes") from None


def _wanted() -> str:
    return f"{', '.join(_FIELDS)}; such as '30 2 * * 1-5', half past two from Monday to Friday"
