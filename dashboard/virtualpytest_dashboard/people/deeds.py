"""The audit log: who did what, from where, when, and how it was answered. It has no secrets and no bodies."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Select, func, insert, select
from starlette.requests import HTTPConnection

from virtualpytest_dashboard.people import person as people
from virtualpytest_dashboard.people.schema import DEED
from virtualpytest_dashboard.store.database import Database

_QUIET = frozenset({"api-keep"})  # that a page is still there is no deed
_SECRET = frozenset({"secret"})  # pieces of addresses that are never noted


@dataclass(frozen=True)
class Deed:
    """One thing that was done: the name of its route, and *about* which names."""

    at: float
    who: str
    token: str
    what: str
    about: str
    address: str
    status: int

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)


def note(request: HTTPConnection, *, who: str = "", **about: str) -> None:
    """Let the log of what *request* does say *who* did it, where that shows only now, and *about* what."""
    request.state.deed = (who, about)


def noted(request: HTTPConnection) -> bool:
    """Tell whether something was noted of *request*."""
    return hasattr(request.state, "deed")


def acting(method: str, route: str) -> bool:
    """Tell whether a request of this method does something that is logged."""
    return method not in {"GET", "HEAD", "OPTIONS"} and route not in _QUIET


def keep(kept: Database, request: HTTPConnection, route: str, names: Mapping[str, Any], status: int) -> None:
    """Keep what *request* has done."""
    person = people.of(request)
    who, more = getattr(request.state, "deed", ("", {}))
    words = {name: value for name, value in {**names, **more}.items() if name not in _SECRET}
    about = ", ".join(f"{name} {value}" for name, value in words.items())[:300].replace("\0", "")
    row = Deed(time.time(), who or person.name, person.by, route, about, address(request), status)
    with kept.writing() as connection:
        connection.execute(insert(DEED).values(**row.plain()))


def address(request: HTTPConnection) -> str:
    """Return from where *request* comes."""
    return request.client.host[:64] if request.client else ""


def told(connection: Connection, who: str, what: str, first: int, most: int) -> tuple[list[Deed], int]:
    """Return *most* deeds from *first* on, the newest first, of *who* and *what* where these are said; and how many."""
    names = [DEED.c[name] for name in Deed.__dataclass_fields__]
    rows = connection.execute(_of(select(*names), who, what).order_by(DEED.c.id.desc()).offset(first).limit(most))
    count = connection.execute(_of(select(func.count()).select_from(DEED), who, what)).scalar()
    return [Deed(*row) for row in rows], int(count or 0)


def sorts(connection: Connection) -> list[str]:
    """Return what there is in the log."""
    return list(connection.execute(select(DEED.c.what).distinct().order_by(DEED.c.what)).scalars())


def _of(asked: Select[Any], who: str, what: str) -> Select[Any]:
    asked = asked.where(DEED.c.who == who) if who else asked
    return asked.where(DEED.c.what == what) if what else asked
