"""The rows that a reader asked for: chosen, ordered, a page of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from virtualpytest_dashboard.records import RANK, Row

PAGE = 200
_ORDERS: Mapping[str, Callable[[Row], tuple[object, ...]]] = {
    "verdict": lambda row: (RANK[row.verdict], row.start),
    "test": lambda row: (row.name, row.start),
    "device": lambda row: (not row.device, row.device, row.host, row.start),
    "duration": lambda row: (-row.duration, row.start),
    "start": lambda row: (row.start,),
}


@dataclass(frozen=True)
class Asked:
    """What the query string asks for."""

    verdict: str = ""
    cause: str = ""
    category: str = ""
    device: str = ""
    q: str = ""
    order: str = "verdict"
    page: int = 1

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Asked:
        """Return what *query* asks for; what is no answerable question is left out."""
        words = {name: query.get(name, "").strip() for name in ("verdict", "cause", "category", "device", "q")}
        order, page = query.get("order", ""), query.get("page", "")
        number = int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1
        return cls(**words, order=order if order in _ORDERS else "verdict", page=max(1, number))

    @property
    def narrowed(self) -> bool:
        """Tell whether it leaves anything out."""
        return any((self.verdict, self.cause, self.category, self.device, self.q))

    def fits(self, row: Row) -> bool:
        """Tell whether *row* was asked for."""
        said = ((self.cause, row.cause), (self.category, row.category))
        if any(wanted and wanted != found for wanted, found in said):
            return False
        if self.device and self.device not in (device for device, _ in row.places):
            return False
        return self._fits_verdict(row) and all(word in _words(row) for word in self.q.lower().split())

    def _fits_verdict(self, row: Row) -> bool:
        if self.verdict == "retried":
            return bool(row.earlier)
        if self.verdict == "bad":
            return row.bad
        return self.verdict in ("", row.verdict)

    def query(self, **changes: object) -> str:
        """Return the query string for this with *changes*."""
        now: dict[str, object] = {**vars(self), "page": 1, **changes}
        plain = {"order": "verdict", "page": 1}
        return urlencode({name: value for name, value in now.items() if value and value != plain.get(name)})


def _words(row: Row) -> str:
    return " ".join((row.name, row.full_name, row.message, row.device, row.host, row.category)).lower()


@dataclass(frozen=True)
class Listing:
    """One page of the rows that were asked for."""

    asked: Asked
    rows: Sequence[Row]
    total: int
    pages: int


def listing(rows: Sequence[Row], asked: Asked) -> Listing:
    """Return the page of *rows* that was asked for, the last one if there are not as many."""
    found = sorted((row for row in rows if asked.fits(row)), key=_ORDERS[asked.order])
    pages = max(1, -(-len(found) // PAGE))
    page = min(asked.page, pages)
    chosen = Asked(**{**vars(asked), "page": page})
    return Listing(chosen, found[(page - 1) * PAGE : page * PAGE], len(found), pages)
