"""Signing in, slowed where it fails: each further failure doubles the wait, of an account and of an address.

An attempt counts before its password is looked at, so that many at once are slowed as well; it is forgotten where it
succeeds. The rows are in the database: all dashboards over it count together.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Mapping

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from starlette.exceptions import HTTPException

from virtualpytest_dashboard.people import hidden
from virtualpytest_dashboard.people.schema import ATTEMPT

_FREE = {"account": 3, "address": 20}  # failures before anybody waits: many people may share an address
_SHORTEST, _LONGEST = 2.0, 300.0  # seconds
_FORGOTTEN = 86400.0  # seconds after the end of a wait


def begin(connection: Connection, who: Mapping[str, str], now: float | None = None) -> None:
    """Count an attempt of *who*, an account and an address; 429 where they have to wait, which counts nothing."""
    now = time.time() if now is None else now
    for kind, name in who.items():
        _begin(connection, kind, name, now)


def succeeded(connection: Connection, who: Mapping[str, str]) -> None:
    """Forget the failures of the account, and that this attempt counted for the address."""
    connection.execute(delete(ATTEMPT).where(ATTEMPT.c.what == _what("account", who["account"])))
    one = (ATTEMPT.c.what == _what("address", who["address"])) & (ATTEMPT.c.failures > 0)
    connection.execute(update(ATTEMPT).where(one).values(failures=ATTEMPT.c.failures - 1, until=0))


def _begin(connection: Connection, kind: str, name: str, now: float) -> None:
    one = ATTEMPT.c.what == _what(kind, name)
    counted = update(ATTEMPT).where(one).values(failures=ATTEMPT.c.failures + 1)
    if not connection.execute(counted).rowcount:
        with contextlib.suppress(IntegrityError), connection.begin_nested():  # another did it at the same moment
            connection.execute(insert(ATTEMPT).values(what=_what(kind, name), failures=0, until=0.0))
        connection.execute(counted)
    row = connection.execute(select(ATTEMPT.c.failures, ATTEMPT.c.until).where(one)).one()
    if now < row.until:
        seconds = math.ceil(row.until - now)
        raise HTTPException(429, f"Too many failures: wait {seconds} s.", {"Retry-After": str(seconds)})
    failures = 1 if 0 < row.until < now - _FORGOTTEN else row.failures
    connection.execute(update(ATTEMPT).where(one).values(failures=failures, until=now + wait(kind, failures)))


def wait(kind: str, failures: int) -> float:
    """Return the seconds that follow so many failures of an account or an address."""
    beyond = failures - _FREE[kind]
    return min(_LONGEST, _SHORTEST * 2.0 ** min(beyond, 60)) if beyond >= 0 else 0.0


def _what(kind: str, name: str) -> str:
    return hidden.digest(f"{kind} {name}")
