"""Which rows a reader asked for, as the address says it, and the page of them that was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from virtualpytest_dashboard.labels import COLUMNS
from virtualpytest_dashboard.records import Row

PAGE = 50
_WORDS = ("verdict", "cause", "category", "device", "alike", "change", "q", *COLUMNS)
_ORDERS = ("verdict", "test", "device", "duration", "start")


@dataclass(frozen=True)
class Asked:
    """What the query string asks for."""

    verdict: str = ""
    cause: str = ""
    category: str = ""
    device: str = ""
    alike: str = ""
    change: str = ""
    q: str = ""
    suite: str = ""
    tag: str = ""
    severity: str = ""
    behaviour: str = ""
    owner: str = ""
    firmware: str = ""
    order: str = "verdict"
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        """Return what *query* asks for; what is no answerable question is left out."""
        words = {name: query.get(name, "").strip() for name in _WORDS}
        order, page = query.get("order", ""), query.get("page", "")
        number = int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1
        return cls(**words, order=order if order in _ORDERS else "verdict", page=max(1, number))

    @property
    def narrowed(self) -> bool:
        """Tell whether it leaves anything out."""
        return any(getattr(self, name) for name in _WORDS)

    def on(self, page: int) -> Asked:
        """Return the same question for another page."""
        return replace(self, page=page)

    def query(self, **changes: object) -> str:
        """Return the query string for this with *changes*."""
        now: dict[str, object] = {**vars(self), "page": 1, **changes}
        plain = {"order": "verdict", "page": 1}
        return urlencode({name: value for name, value in now.items() if value and value != plain.get(name)})


@dataclass(frozen=True)
class Listing:
    """One page of the rows that were asked for."""

    asked: Asked
    rows: Sequence[Row]
    total: int
    pages: int
