"""Selections of tests that are run once."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import Column, Float, Integer, Table, insert, select

from pytest_virtualpytest.config import LabConfig
from pytest_virtualpytest.config.words import nearest
from pytest_virtualpytest.exceptions import ConfigError
from virtualpytest_dashboard.campaigns.made import Wish
from virtualpytest_dashboard.store.database import Database
from virtualpytest_dashboard.store.keeping import KEPT
from virtualpytest_dashboard.store.schema import WORDS

_KNOWN = 50  # that are told of
_Word = Annotated[str, StringConstraints(min_length=1, max_length=1000)]

EXECUTION = Table(
    "execution", KEPT,
    Column("id", Integer, primary_key=True),
    Column("selection", WORDS, nullable=False),  # JSON
    Column("at", Float, nullable=False),
)  # fmt: skip


class Selection(BaseModel):
    """Which tests (files, folders, node ids; narrowed as by -m and -k), on which devices, on each or any, how often."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tests: list[_Word] = Field([], max_length=500)
    markers: str = ""
    keyword: str = ""
    devices: list[_Word] = []
    each: Literal["any", "device", "model"] = "any"
    count: int = Field(1, ge=1, le=100)
    queue: bool = False

    def check(self, lab: LabConfig, folder: Path) -> None:
        """Raise ConfigError with what there is not: devices in *lab*, files in *folder*."""
        problems = [f"no device {one!r}{nearest(one, lab.devices)}" for one in self.devices if one not in lab.devices]
        for test in self.tests:
            file = test.partition("::")[0]
            if test.startswith("-") or "\0" in test or not _there(folder / file):
                problems.append(f"tests: no file {file!r} in {folder}")
        if not (self.tests or self.markers or self.keyword):
            problems.append("tests: which? name files, folders or node ids, or give markers or a keyword")
        if problems:
            raise ConfigError(*problems)


def _there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name that no file can have
        return False


@dataclass(frozen=True)
class Execution:
    """A selection that was asked for."""

    id: int
    selection: Selection
    at: float

    @property
    def wish(self) -> Wish:
        """Return it as a campaign."""
        asked = self.selection
        content: dict[str, Any] = {"results": "allure-results/once"}
        content |= {"markers": asked.markers} if asked.markers else {}
        content |= {"each": asked.each} if asked.each != "any" else {}
        content |= {"keyword": asked.keyword} if asked.keyword else {}
        times = [f"--vpt-times={asked.count}"] if asked.count > 1 else []
        words = (*(f"--vpt-device={name}" for name in asked.devices), *times, *asked.tests)
        return Wish(f"once-{self.id}", content, words, tuple(asked.devices))


class Executions:
    """The newest selections in *kept*."""

    def __init__(self, kept: Database) -> None:
        self._kept = kept

    def all(self) -> list[Execution]:
        """Return them, the newest first."""
        with self._kept.reading() as connection:
            rows = connection.execute(select(EXECUTION).order_by(EXECUTION.c.id.desc()).limit(_KNOWN)).all()
        return [Execution(row.id, Selection.model_validate_json(row.selection), row.at) for row in rows]

    def get(self, number: int) -> Execution:
        """Return one; ConfigError if it is not known."""
        found = next((one for one in self.all() if one.id == number), None)
        if found is None:
            raise ConfigError(f"no execution {number}: the newest {_KNOWN} are known")
        return found

    def make(self, selection: Selection) -> Execution:
        """Keep what is asked for."""
        row = {"selection": selection.model_dump_json(), "at": time.time()}
        with self._kept.writing() as connection:
            made = connection.execute(insert(EXECUTION), row).inserted_primary_key
        assert made is not None
        return self.get(made[0])
