"""Where a host keeps what outlives a process, and how it is."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from virtualpytest_host import health, state


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a state folder that is not there yet."""
    monkeypatch.setenv("VPT_STATE", str(tmp_path / "deep" / "state"))
    return tmp_path / "deep" / "state"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folder_is_made_where_it_is_said_and_is_the_owners_alone(root: Path) -> None:
    made = state.folder("rings", "stb1")

    assert made == root / "rings" / "stb1"
    assert {mode(path) for path in (root, root / "rings", made)} == {0o700}


def test_folder_that_is_there_is_left_as_it_is(root: Path) -> None:
    state.folder("rings").chmod(0o750)

    assert mode(state.folder("rings")) == 0o750


def test_without_a_choice_it_is_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VPT_STATE")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(state, "_SHARED", tmp_path / "not there")

    assert state.folder() == tmp_path / ".local" / "state" / "virtualpytest"


def test_shared_folder_is_used_where_there_is_one_and_its_group_may_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("VPT_STATE")
    monkeypatch.setattr(state, "_SHARED", tmp_path)
    old = os.umask(0o077)

    made = state.folder("leases")

    os.umask(old)
    assert made == tmp_path / "leases"
    assert mode(made) == 0o2770


def test_boot_is_the_same_until_the_next_one() -> None:
    assert state.boot() == state.boot()
    assert len(state.boot()) == 36


def test_health_tells_shares_versions_and_clocks(root: Path) -> None:
    told = health.report()

    assert all(0 <= told[share] <= 1 for share in ("memory", "disk"))
    assert told["load"] >= 0
    assert told["uptime"] > 0
    assert told["state"] == str(root)
    assert {"machine", "python", "executable", "version", "clock"} <= set(told)
