"""Which tests each container set up: noted once for each file, as only a test's own page asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from sqlalchemy import select

from pytest_virtualpytest.exceptions import VirtualPytestError
from virtualpytest_dashboard import allure
from virtualpytest_dashboard.store.batches import batches, from_anywhere
from virtualpytest_dashboard.store.database import Database, adding
from virtualpytest_dashboard.store.schema import CHILD

_LONGEST = 128  # of a test's identity


class Containers:
    """The containers of the run *number*, in the folder *path*."""

    def __init__(self, database: Database, number: int, path: Path) -> None:
        self._database = database
        self._path = path
        self._run = number
        self._of_run = select(CHILD.c.file).where(CHILD.c.run == number)

    def note(self, names: Iterable[str]) -> Iterator[int]:
        """Read those of *names* that were not, a batch at a time; yield how many are left after each."""
        with self._database.reading() as connection:
            new = set(names) - set(connection.execute(self._of_run.distinct()).scalars())
        left = len(new)
        for batch in from_anywhere(batches(new)):
            self._note(batch)
            left -= len(batch)
            yield left

    def of(self, test: str) -> list[str]:
        """Return the files that set up the test with uuid *test*, as far as they are noted."""
        with self._database.reading() as connection:
            return list(connection.execute(self._of_run.where(CHILD.c.uuid == test).order_by(CHILD.c.file)).scalars())

    def _note(self, batch: list[str]) -> None:
        with self._database.reading() as connection:
            of_others = set(connection.execute(self._of_run.where(CHILD.c.file.in_(batch))).scalars())
        found = [(name, child) for name in batch if name not in of_others for child in self._children(name)]
        if found:
            rows = [{"run": self._run, "file": name, "uuid": child} for name, child in sorted(found)]
            with self._database.writing() as connection:
                connection.execute(adding(connection, CHILD).on_conflict_do_nothing(), rows)

    def _children(self, name: str) -> set[str]:
        try:
            listed = allure.read(self._path / name).get("children")
        except VirtualPytestError:
            return {""}
        found = listed if isinstance(listed, list) else ()
        return {allure.text(child) for child in found if isinstance(child, str) and len(child) < _LONGEST} or {""}
