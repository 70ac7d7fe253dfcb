"""The page of a run by suite, by tag, by another label or by category: a tree with counts, failures first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from virtualpytest_dashboard import pages
from virtualpytest_dashboard.labels import AND, COLUMNS, LEVELS, WITHIN
from virtualpytest_dashboard.listing import Asked
from virtualpytest_dashboard.records import CAUSES, RANK, VERDICTS
from virtualpytest_dashboard.store import groups

SORTS = (*COLUMNS, "category")


@dataclass
class Group:
    """Tests filed under one thing; *path* is what the address of a list of them says, *inner* what is within."""

    name: str
    path: str
    verdicts: Counter[str] = field(default_factory=Counter)
    blamed: Counter[str] = field(default_factory=Counter)
    within: dict[str, Group] = field(default_factory=dict)

    def add(self, verdict: str, cause: str, count: int) -> None:
        """Count *count* tests more."""
        self.verdicts[verdict] += count
        self.blamed[cause] += count

    @property
    def counts(self) -> Mapping[str, int]:
        """Return how many tests have each verdict, what somebody should look at first."""
        return {verdict: self.verdicts[verdict] for verdict in VERDICTS if self.verdicts[verdict]}

    @property
    def causes(self) -> Mapping[str, int]:
        """Return how many tests have each cause."""
        return {cause: self.blamed[cause] for cause in CAUSES if self.blamed[cause]}

    @property
    def bad(self) -> int:
        """Return how many tests somebody should look at."""
        return sum(count for verdict, count in self.verdicts.items() if RANK[verdict] < RANK["running"])

    @property
    def inner(self) -> Sequence[Group]:
        """Return the groups within, that with most to look at first."""
        return sorted(self.within.values(), key=lambda group: (-group.bad, group.name))


def one(request: Request) -> Response:
    """Show one run by the label that the address names."""
    folder, what = pages.folder(request), request.path_params["what"]
    if what not in SORTS:
        raise HTTPException(404, f"Tests are not grouped by {what!r}, but by {', '.join(SORTS)}.")
    run, asked = folder.run(), Asked.of(request.query_params)
    found = folder.ask(lambda connection, number: groups.counts(connection, number, asked, what))
    return pages.render(
        request, "groups.html", run=run, what=what, asked=asked, whole=tree(found, what),
        sorts=[*folder.still(groups.known), "category"],
    )  # fmt: skip


def tree(found: Iterable[Any], what: str) -> Group:
    """Return the rows *found*, each of words, verdict, cause and count, as a tree."""
    whole = Group("", "")
    for words, verdict, cause, count in found:
        whole.add(verdict, cause, count)
        for path in [words.split(WITHIN)] if what in LEVELS else [[part] for part in words.split(AND)]:
            _put(whole, path, (verdict, cause, count))
    return whole


def _put(whole: Group, path: Sequence[str], counted: tuple[str, str, int]) -> None:
    group = whole
    for depth, name in enumerate(path, 1):
        if name:
            group = group.within.setdefault(name, Group(name, WITHIN.join(path[:depth])))
            group.add(*counted)
