"""What people made in a dashboard: it is there the next time, and never begun anew."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from sqlalchemy import text
from virtualpytest_dashboard.store import keeping
from virtualpytest_dashboard.store.database import PLACE

from pytest_virtualpytest.exceptions import ConfigError


def test_what_is_kept_is_there_the_next_time(tmp_path: Path) -> None:
    for _ in range(2):
        with contextlib.closing(keeping.beside([tmp_path])) as kept, kept.writing() as connection:
            connection.execute(text("CREATE TABLE IF NOT EXISTS memo (words TEXT)"))
            connection.execute(text("INSERT INTO memo VALUES ('mine')"))
    with contextlib.closing(keeping.beside([tmp_path])) as kept, kept.reading() as connection:
        assert connection.execute(text("SELECT words FROM memo")).scalars().all() == ["mine", "mine"]


def test_damaged_file_is_told_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / PLACE / "dashboard.sqlite"
    path.parent.mkdir()
    path.write_bytes(b"spoilt" * 1000)

    with pytest.raises(ConfigError, match=r"dashboard\.sqlite: file is not a database; put a copy of it back"):
        keeping.beside([tmp_path])
    assert path.read_bytes() == b"spoilt" * 1000


def test_users_want_a_place_where_they_are_kept(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / PLACE).symlink_to(tmp_path / "elsewhere")

    with contextlib.closing(keeping.at([tmp_path], None)) as kept:
        assert kept.passing
    with pytest.raises(ConfigError, match=r"dashboard\.sqlite: a link, or not to be written: users would be gone"):
        keeping.at([tmp_path], None, users=True)
