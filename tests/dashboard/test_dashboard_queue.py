"""Runs of campaigns that wait for their turn."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import labs
import pytest
from browsing import ours
from campaigning import await_end, mark
from sqlalchemy import URL
from starlette.testclient import TestClient
from virtualpytest_dashboard.campaigns.desk import Desk
from virtualpytest_dashboard.campaigns.queue import Queue
from virtualpytest_dashboard.lab.site import Site
from virtualpytest_dashboard.store import keeping
from virtualpytest_dashboard.store.database import Database

from pytest_virtualpytest.exceptions import LeaseError

BOTH_STORES = True
LAB = """
[devices.seat1]
kind = "account"
resources = ["account:{name}"]
[campaigns.night]
tests = ["tests/test_none.py"]
results = "results/night"
[campaigns.day]
tests = ["tests/test_none.py"]
results = "results/day"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the folder of a lab file, whose campaigns end at once: their tests are not there."""
    for name in ("night", "day"):
        (tmp_path / "results" / name / ".virtualpytest").mkdir(parents=True)
    return tmp_path


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    """Give a client of a dashboard with --control."""
    with labs.client_of(folder, LAB.format(name=folder.name), control=True) as client:
        yield client
    await_end(folder / "lab.toml")


def post(client: TestClient, path: str, **body: Any) -> Any:
    return client.post(f"/api/{path}", json=body, headers=ours(client))


def desk(client: TestClient) -> Desk:
    state: Any = client.app.state  # type: ignore[attr-defined]
    return Desk(state.lab.bench(), state.kept)


def test_start_while_the_campaign_runs_waits_is_shown_and_begins_in_its_turn(client: TestClient, folder: Path) -> None:
    running = mark(folder / "results" / "night", "night")
    assert post(client, "campaigns/night/start").status_code == 409

    first = post(client, "campaigns/night/start", queue=True).json()["waiting"]
    second = post(client, "campaigns/night/start", queue=True, failed=True).json()["waiting"]

    assert (first["place"], first["why"], first["failed"]) == (1, "still running", False)
    assert (second["place"], second["failed"]) == (2, True)
    assert "Waiting for their turn" in client.get("/lab/campaigns").text
    assert post(client, f"queue/{second['id']}/withdraw").status_code == 200
    assert post(client, f"queue/{second['id']}/withdraw").json()["error"].startswith(f"no run {second['id']} waits")

    desk(client).turn()
    assert [one["id"] for one in client.get("/api/queue").json()["waiting"]] == [first["id"]]

    running.unlink()  # that run has ended
    desk(client).turn()
    assert client.get("/api/queue").json() == {"waiting": []}
    assert client.get("/api/campaigns/night").json()["running"]


def test_runs_that_begin_together_do_not_take_each_others_devices(client: TestClient, folder: Path) -> None:
    for name in ("night", "day"):
        desk(client).queue.put(name, "still running")

    desk(client).turn()

    [left] = client.get("/api/queue").json()["waiting"]
    assert left["campaign"] == "day"
    assert desk(client).busy("day") in ("its devices are held: seat1 by campaign night", "")  # "" once night has ended


def test_run_that_waits_is_begun_once_whoever_looks(folder: Path, database: URL | None) -> None:
    with contextlib.closing(keeping.at([folder], database)) as kept:
        for name in ("night", "night", "night"):
            Queue(kept).put(name, "")
        number = Queue(kept).all()[0].id

        with ThreadPoolExecutor(8) as threads:
            found = list(threads.map(lambda _: _claimed(folder, database, number), range(8)))

        assert sorted(found) == [False] * 7 + [True]
        assert [waiting.place for waiting in Queue(kept).all()] == [1, 2]


def _claimed(folder: Path, database: URL | None, number: int) -> bool:
    with contextlib.closing(keeping.at([folder], database)) as kept:
        return Queue(kept).claim(number)


def test_campaign_that_is_gone_ends_the_waiting(folder: Path) -> None:
    (folder / "lab.toml").write_text(LAB.format(name=folder.name))
    with contextlib.closing(keeping.beside([folder])) as kept, contextlib.closing(Site([folder / "lab.toml"])) as site:
        bench = site.bench()
        assert bench
        waiting = Queue(kept).put("nigt", "")

        Desk(bench, kept).turn()

        assert Queue(kept).all() == []
        with pytest.raises(LeaseError):
            Queue(kept).withdraw(waiting.id)
        assert _why(kept, waiting.id).endswith("no campaign 'nigt'; did you mean 'night'?")


def _why(kept: Database, number: int) -> str:
    from sqlalchemy import select
    from virtualpytest_dashboard.campaigns.queue import WAITING

    with kept.reading() as connection:
        return str(connection.execute(select(WAITING.c.why).where(WAITING.c.id == number)).scalar_one())
