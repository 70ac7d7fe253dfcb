"""The keys of an on-screen keyboard as a grid, and the shortest way from one to another."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.key import Key
from pytest_virtualpytest.targets import Target

Rows: TypeAlias = Sequence[Sequence[str]]
Wrap: TypeAlias = Literal["none", "rows", "columns", "both"]
_ARROWS = ((Key.UP, -1, 0), (Key.DOWN, 1, 0), (Key.LEFT, 0, -1), (Key.RIGHT, 0, 1))


@dataclass(frozen=True)
class KeyPage:
    """One page of an on-screen keyboard: *rows* of keys, all of one length.

    A key of one letter enters it; a longer name is that of a key which does something else. A wide key stands in each
    column that it covers, and is left up or down from the column where it was entered; ``""`` is no key.
    *switches* tells to which page a key leads, *back* the page that is shown again once a letter was entered, *shows*
    what is seen while this page is shown.
    """

    rows: Rows
    switches: Mapping[str, str] = field(default_factory=dict)
    back: str = ""
    shows: Target | str | None = None


class Place(NamedTuple):
    """Where the focus is: a cell of a page."""

    page: str
    row: int
    column: int


class Step(NamedTuple):
    """A key of the remote, and where the focus is after it."""

    press: str
    place: Place


class Keys:
    """The keys of all *pages*; *wrap* says at which edges the focus comes in again on the other side."""

    def __init__(self, pages: Mapping[str, KeyPage], wrap: Wrap = "none") -> None:
        self._pages, self._wrap = pages, wrap
        for name, page in pages.items():
            _check(name, page, pages)

    def page(self, place: Place) -> KeyPage:
        """Return the page of *place*."""
        return self._pages[place.page]

    def key(self, place: Place) -> str:
        """Return the key at *place*."""
        return self.page(place).rows[place.row][place.column]

    def place(self, key: str, page: str = "") -> Place:
        """Return the first cell of *key*, on *page* or on the first page that has it."""
        for name in [page] if page else self._pages:
            for number, row in enumerate(self._pages[name].rows):
                if key in row:
                    return Place(name, number, list(row).index(key))
        raise VirtualPytestError(f"keyboard: no key {key!r}; it has {' '.join(self._all())}")

    def cells(self, place: Place) -> tuple[int, int]:
        """Return the first column of the key at *place*, and how many it covers."""
        row, key = self.page(place).rows[place.row], self.key(place)
        first = last = place.column
        while first and row[first - 1] == key:
            first -= 1
        while last + 1 < len(row) and row[last + 1] == key:
            last += 1
        return first, last - first + 1

    def each(self, page: str) -> Iterator[Place]:
        """Yield the first cell of every key of *page*."""
        for number, row in enumerate(self._pages[page].rows):
            for column, key in enumerate(row):
                if key and (column == 0 or row[column - 1] != key):
                    yield Place(page, number, column)

    def entered(self, place: Place) -> Place:
        """Return where the focus is once the key at *place* was pressed."""
        page, key = self.page(place), self.key(place)
        fresh = page.switches.get(key) or (page.back if len(key) == 1 else "") or place.page
        return place._replace(page=fresh)

    def way(self, start: Place, key: str) -> list[Step]:
        """Return the fewest steps from *start* to *key*, changes of page among them."""
        self.place(key)
        came: dict[Place, tuple[Place, Step] | None] = {start: None}
        waiting = deque([start])
        while waiting:
            here = waiting.popleft()
            if self.key(here) == key:
                return _back(came, here)
            for step in self._steps(here):
                if step.place not in came:
                    came[step.place] = here, step
                    waiting.append(step.place)
        raise VirtualPytestError(f"keyboard: no way from {self.key(start)!r} on page {start.page!r} to {key!r}")

    def _steps(self, place: Place) -> Iterator[Step]:
        for press, down, across in _ARROWS:
            if (fresh := self._beside(place, down, across)) is not None:
                yield Step(press, fresh)
        if self.key(place) in self.page(place).switches:
            yield Step(Key.OK, self.entered(place))

    def _beside(self, place: Place, down: int, across: int) -> Place | None:
        """Return where an arrow leads, None where it leads nowhere or nobody can tell."""
        rows = self.page(place).rows
        row, column = place.row + down, place.column
        if across:
            first, count = self.cells(place)
            column = first - 1 if across < 0 else first + count
        if not 0 <= row < len(rows) and self._wrap not in {"columns", "both"}:
            return None
        if not 0 <= column < len(rows[0]) and self._wrap not in {"rows", "both"}:
            return None
        fresh = place._replace(row=row % len(rows), column=column % len(rows[0]))
        return fresh if self.key(fresh) else None

    def _all(self) -> list[str]:
        return list(dict.fromkeys(self.key(place) for page in self._pages for place in self.each(page)))


def _back(came: Mapping[Place, tuple[Place, Step] | None], end: Place) -> list[Step]:
    steps: list[Step] = []
    while (before := came[end]) is not None:
        end = before[0]
        steps.append(before[1])
    return steps[::-1]


def _check(name: str, page: KeyPage, pages: Mapping[str, KeyPage]) -> None:
    who = f"keyboard: page {name!r}"
    lengths = [len(row) for row in page.rows]
    if not lengths or not lengths[0]:
        raise VirtualPytestError(f"{who} has no key")
    for number, length in enumerate(lengths, 1):
        if length != lengths[0]:
            raise VirtualPytestError(
                f"{who}: row {number} has {length} keys, row 1 has {lengths[0]}; a wide key stands in each column that "
                'it covers, "" is none'
            )
    keys = {key for row in page.rows for key in row}
    if strange := page.switches.keys() - keys:
        raise VirtualPytestError(f"{who} has no key {min(strange)!r} to switch with")
    for other in [*page.switches.values(), *([page.back] if page.back else [])]:
        if other not in pages:
            raise VirtualPytestError(f"{who} leads to page {other!r}; there are {', '.join(pages)}")
