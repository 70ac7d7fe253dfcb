"""Runs that are too old, or too many, go; nothing else does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from browsing import links, ours, plain
from starlette.testclient import TestClient
from virtualpytest_dashboard import retaining, retention, serve
from virtualpytest_dashboard.app import create_app
from virtualpytest_dashboard.journal import FILE
from virtualpytest_dashboard.retention import Rules

from pytest_virtualpytest.exceptions import ConfigError

DAY = 86_400


def night(root: Path, days: float, name: str = "", **more: bytes) -> Path:
    """Write a run that ended *days* ago, with *more* files."""
    folder = root / (name or f"night-{days:g}")
    folder.mkdir(parents=True)
    stop = int((time.time() - days * DAY) * 1000)
    result = {"name": "test_zap", "fullName": "tests.test_zap#test_zap", "status": "passed", "uuid": f"u-{days:g}",
              "historyId": "h", "start": stop - 1000, "stop": stop}  # fmt: skip
    files = {"a-result.json": json.dumps(result).encode(), "b-attachment.png": b"png", **more}
    for file, content in files.items():
        (folder / file).write_bytes(content)
        os.utime(folder / file, (stop / 1000,) * 2)
    return folder


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    """Give a client of the dashboard over *tmp_path* that may act."""
    with TestClient(create_app([tmp_path], control=True), base_url="http://127.0.0.1") as client:
        yield client


def prune(client: TestClient, days: float = 0, runs: int = 0) -> dict[str, str]:
    """Remove what is too old, or too many, and return why each run went, or stays."""
    state = client.app.state  # type: ignore[attr-defined]
    found = retention.prune(state.folders, state.kept, Rules(days, runs))
    return {old.folder.path.name: old.hinders or old.why for old in found}


def left(root: Path) -> set[str]:
    return {path.name for path in root.iterdir()} - {".virtualpytest"}


def test_runs_that_are_too_old_go_and_a_page_tells_of_them(client: TestClient, tmp_path: Path) -> None:
    for days in (1, 8, 30):
        night(tmp_path, days)

    found = prune(client, days=7)

    assert found == {"night-8": "ended 8 days ago", "night-30": "ended 30 days ago"}
    assert left(tmp_path) == {"night-1"}
    assert "night-30 ended 30 days ago" in plain(client.get("/removed").text)
    assert len(links(client.get("/").text, "/runs/night")) == 1


def test_all_but_the_newest_go(client: TestClient, tmp_path: Path) -> None:
    for days in (1, 2, 3, 4):
        night(tmp_path, days)

    prune(client, runs=2)

    assert left(tmp_path) == {"night-1", "night-2"}


def test_run_that_is_marked_stays_until_it_is_not(client: TestClient, tmp_path: Path) -> None:
    night(tmp_path, 9)
    run = links(client.get("/").text, "/runs/")[0].rpartition("/")[2]

    assert client.post(f"/api/runs/{run}/keep", json={"keep": True}, headers=ours(client)).json() == {"keep": True}
    assert "checked" in client.get(f"/runs/{run}").text.partition('class="keep"')[2]
    assert prune(client, days=7) == {"night-9": "it is marked to be kept"}
    client.post(f"/api/runs/{run}/keep", json={"keep": False}, headers=ours(client))
    prune(client, days=7)

    assert left(tmp_path) == set()


def test_what_is_not_of_a_run_keeps_its_folder(client: TestClient, tmp_path: Path) -> None:
    night(tmp_path, 9, "thesis", **{"chapter.doc": b"all of it"})
    (night(tmp_path, 9, "deep") / "inner").mkdir()
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    outside.write_text("precious")
    (night(tmp_path, 9, "linked") / "c-attachment.txt").symlink_to(outside)

    found = prune(client, days=7)

    assert found == {
        "thesis": "it holds 'chapter.doc', which is not of a run", "deep": "it holds 'inner', which is no plain file",
        "linked": "it holds 'c-attachment.txt', which is no plain file",
    }  # fmt: skip
    assert left(tmp_path) == {"thesis", "deep", "linked"}


def test_run_that_goes_on_stays(client: TestClient, tmp_path: Path) -> None:
    live = night(tmp_path, 9, "live")
    (live / FILE).write_text(json.dumps({"kind": "run", "time": time.time() - 9 * DAY}) + "\n")
    late = night(tmp_path, 9, "late")
    (late / "d-attachment.txt").write_text("just now")

    found = prune(client, days=7)

    assert found == {"live": "it still runs", "late": "something was written into it a moment ago"}
    assert left(tmp_path) == {"live", "late"}


def test_folder_behind_a_link_is_never_looked_into(client: TestClient, tmp_path: Path) -> None:
    elsewhere = night(tmp_path.parent / f"{tmp_path.name}-elsewhere", 9)
    (tmp_path / "link").symlink_to(elsewhere)

    assert prune(client, days=7) == {}
    assert elsewhere.is_dir()


def test_folder_that_was_given_itself_stays(tmp_path: Path) -> None:
    folder = night(tmp_path, 9)
    with TestClient(create_app([folder]), base_url="http://127.0.0.1") as client:
        assert prune(client, days=7) == {"night-9": "it is what the dashboard was given itself"}


def test_removal_that_was_cut_short_is_finished(client: TestClient, tmp_path: Path) -> None:
    night(tmp_path, 9, ".virtualpytest-removed-0123")
    night(tmp_path / "team", 9, ".virtualpytest-removed-4567")

    prune(client, days=7)

    assert left(tmp_path) == {"team"}
    assert list((tmp_path / "team").iterdir()) == []


def test_what_was_read_of_a_removed_run_is_forgotten(client: TestClient, tmp_path: Path) -> None:
    night(tmp_path, 9)
    client.get("/")

    prune(client, days=7)

    folders = client.app.state.folders  # type: ignore[attr-defined]
    assert folders.ask(lambda connection: connection.exec_driver_sql("SELECT count(*) FROM result").scalar()) == 0


def test_command_lists_and_removes_only_when_told(tmp_path: Path) -> None:
    old = night(tmp_path, 9)
    night(tmp_path, 1)

    listed = list(serve.prune([str(tmp_path)], 7, 0))

    assert listed == [f"{old}: ended 9 days ago", "nothing was removed: add --yes"]
    assert old.is_dir()
    assert list(serve.prune([str(tmp_path)], 7, 0, yes=True)) == [f"{old}: ended 9 days ago: removed"]
    assert list(serve.prune([str(tmp_path)], 7, 0, yes=True)) == ["no run is too old, or too many"]
    assert left(tmp_path) == {"night-1"}


@pytest.mark.parametrize(("days", "runs", "said"), [(0, 0, "neither --days nor --runs"), (-1, 0, "less than none")])
def test_rules_that_cannot_be_meant_are_told(tmp_path: Path, days: float, runs: int, said: str) -> None:
    night(tmp_path, 9)

    with pytest.raises(ConfigError, match=said):
        list(serve.prune([str(tmp_path)], days, runs))


def test_dashboard_removes_at_its_start_and_says_so(tmp_path: Path) -> None:
    old = night(tmp_path, 9)
    night(tmp_path, 1)
    told: list[str] = []
    app = create_app([tmp_path])

    with retaining.kept_to(app, Rules(7, 0), told.append):
        deadline = time.monotonic() + 30
        while not told and time.monotonic() < deadline:
            time.sleep(0.01)

    assert told == [f"{old}: ended 9 days ago: removed"]


def test_options_of_the_command_reach_it(tmp_path: Path) -> None:
    night(tmp_path, 9)

    command = [sys.executable, "-m", "pytest_virtualpytest.cli", "prune", str(tmp_path), "--runs", "1"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stdout) == (0, "no run is too old, or too many\n")
