"""Campaigns that people made in a browser: kept as a lab file would have them, and checked like those."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, Float, Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from pytest_virtualpytest.config import Campaign, LabConfig, apart
from pytest_virtualpytest.exceptions import ConfigError
from virtualpytest_dashboard.store.database import Database
from virtualpytest_dashboard.store.keeping import KEPT
from virtualpytest_dashboard.store.schema import WORDS

CAMPAIGN = Table(
    "campaign", KEPT,
    Column("name", WORDS, primary_key=True),
    Column("content", WORDS, nullable=False),  # JSON: what its table in a lab file would be
    Column("at", Float, nullable=False),
)  # fmt: skip


@dataclass(frozen=True)
class Wish:
    """A campaign apart from the lab file: its *content* there would be that; *words* go to pytest beside it."""

    name: str
    content: Mapping[str, Any] = field(default_factory=dict)
    words: tuple[str, ...] = ()
    devices: tuple[str, ...] = ()  # that *words* restrict it to

    def campaign(self, lab: LabConfig) -> Campaign:
        """Return the campaign that it is in *lab*; ConfigError with all that is wrong."""
        return apart.campaign(lab, self.name, self.content)

    def overlay(self, lab: LabConfig) -> str:
        """Return a lab file that adds it to those of *lab*."""
        return apart.overlay(lab, self.campaign(lab), self.content)

    def toml(self) -> str:
        """Return it as a lab file has it."""
        return apart.toml(self.name, self.content)


class Made:
    """The campaigns in *kept* that somebody *sees*."""

    def __init__(self, kept: Database, sees: Callable[[str], bool] = lambda _: True) -> None:
        self._kept, self._sees = kept, sees

    def all(self) -> dict[str, Wish]:
        """Return every campaign by its name."""
        with self._kept.reading() as connection:
            rows = connection.execute(select(CAMPAIGN).order_by(CAMPAIGN.c.name)).all()
        return {row.name: Wish(row.name, json.loads(row.content)) for row in rows if self._sees(row.name)}

    def get(self, name: str) -> Wish:
        """Return one; ConfigError if there is none."""
        found = self.all().get(name)
        if found is None:
            raise ConfigError(f"no campaign {name!r} was made here; those of the lab file are changed there")
        return found

    def make(self, lab: LabConfig, wish: Wish) -> Wish:
        """Keep *wish*; ConfigError with what is wrong with it, or if its name is taken."""
        wish.campaign(lab)
        if not wish.name.isprintable():
            raise ConfigError(f"campaign {wish.name!r}: a name has no signs that cannot be seen")
        if wish.name in lab.campaigns:
            raise ConfigError(f"campaign {wish.name!r} is one of {lab.name}; choose another name")
        row = {"name": wish.name, "content": json.dumps(wish.content), "at": time.time()}
        try:
            with self._kept.writing() as connection:
                connection.execute(insert(CAMPAIGN), row)
        except IntegrityError as error:
            raise ConfigError(f"campaign {wish.name!r} is there already; choose another name") from error
        return wish

    def change(self, lab: LabConfig, wish: Wish) -> Wish:
        """Have a campaign say something else; ConfigError with what is wrong, or if there is none of that name."""
        self.get(wish.name)
        wish.campaign(lab)
        where = CAMPAIGN.c.name == wish.name
        with self._kept.writing() as connection:
            connection.execute(update(CAMPAIGN).where(where).values(content=json.dumps(wish.content), at=time.time()))
        return wish

    def delete(self, name: str) -> Wish:
        """Forget a campaign; its results stay."""
        wish = self.get(name)
        with self._kept.writing() as connection:
            connection.execute(delete(CAMPAIGN).where(CAMPAIGN.c.name == name))
        return wish
