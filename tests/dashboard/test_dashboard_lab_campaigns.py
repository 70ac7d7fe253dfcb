"""Campaigns from the dashboard: started, followed, ended, found again."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import labs
import pytest
from browsing import ours, plain
from starlette.testclient import TestClient
from virtualpytest_dashboard.lab.campaigns import Campaigns

from pytest_virtualpytest import config, process

LAB = """
[devices.seat1]
kind = "account"
resources = ["account:{name}"]
[campaigns.quick]
tests = ["tests/test_quick.py"]
results = "results/quick"
[campaigns.long]
tests = ["tests/test_long.py"]
results = "results/long"
"""
QUICK = "def test_good(dut): pass\ndef test_bad(dut): assert 0, 'as it is'\n"
LONG = "import time\ndef test_long(dut): time.sleep(120)\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the folder of a lab file, with the tests of its campaigns."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_quick.py").write_text(QUICK)
    (tmp_path / "tests" / "test_long.py").write_text(LONG)
    return tmp_path


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    """Give a client of a dashboard with --control."""
    with labs.client_of(folder, LAB.format(name=folder.name), control=True) as client:
        yield client
        for name in ("quick", "long"):
            if state(client, name)["running"]:
                post(client, f"{name}/stop")
                labs.until(lambda name=name: not state(client, name)["running"])


def state(client: TestClient, name: str) -> Any:
    return client.get(f"/api/campaigns/{name}").json()


def post(client: TestClient, path: str, **body: Any) -> Any:
    return client.post(f"/api/campaigns/{path}", json=body, headers=ours(client))


def ended(client: TestClient, name: str) -> Any:
    labs.until(lambda: not state(client, name)["running"] and state(client, name)["code"] is not None)
    return state(client, name)


def test_campaign_is_run_and_its_results_are_a_run_of_this_dashboard(client: TestClient) -> None:
    assert post(client, "quick/start").json()["running"] is True

    told = ended(client, "quick")
    assert told["code"] == 1
    assert "1 failed, 1 passed" in told["said"]
    page = client.get(told["run"]).text
    assert "test_bad" in page
    assert "as it is" in page

    far = client.get("/api/campaigns/quick/progress").json()
    assert (far["total"], far["done"], far["counts"], far["left"]) == (2, 2, {"failed": 1, "passed": 1}, 0)
    assert [(lane["device"], lane["tests"], lane["running"]) for lane in far["lanes"]] == [("seat1", 2, [])]

    post(client, "quick/start", failed=True)
    again = ended(client, "quick")
    assert "1 failed" in again["said"]
    assert "passed" not in again["said"].splitlines()[-2]
    assert again["results"] != told["results"]


def test_plan_tells_devices_and_seconds_of_each_test(client: TestClient) -> None:
    plan = client.get("/api/campaigns/quick/plan").json()

    assert [(test["test"].rpartition("::")[2], test["devices"]) for test in plan["tests"]] == [
        ("test_good", {"dut": ["seat1"]}), ("test_bad", {"dut": ["seat1"]}),
    ]  # fmt: skip


def test_run_outlives_the_dashboard_and_is_found_and_stopped_by_the_next(client: TestClient, folder: Path) -> None:
    post(client, "long/start")
    labs.until(lambda: "[1 item]" in state(client, "long")["said"])

    with labs.client_of(folder, LAB.format(name=folder.name), control=True) as other:
        assert state(other, "long")["running"] is True
        post(other, "long/pause")
        assert state(client, "long")["paused"] is True
        assert "paused" in client.get("/lab/campaigns").text
        post(other, "long/continue")
        assert state(client, "long")["paused"] is False
        assert post(other, "long/start").status_code == 409
        assert other.get("/api/campaigns/long/progress").json()["total"] == 1
        assert "0 of 1 test" in plain(other.get("/lab/campaigns/long/progress").text)
        assert post(other, "long/stop").status_code == 200
        labs.until(lambda: not state(other, "long")["running"])

    assert ended(client, "long")["code"] == 2  # pytest's own, for Ctrl-C
    assert post(client, "long/pause").status_code == 409
    assert post(client, "long/stop").json() == {"error": "campaign 'long' is not running"}


def test_process_that_took_the_number_of_one_that_ended_is_not_taken_for_it(client: TestClient, folder: Path) -> None:
    post(client, "quick/start")
    ended(client, "quick")
    kept = next((folder / "results" / "quick" / ".virtualpytest").glob("*.json"))
    kept.write_text(json.dumps({"pid": os.getpid(), "start": "1", "at": 1.0}))

    assert state(client, "quick")["running"] is False
    assert post(client, "quick/stop").status_code == 409

    kept.write_text("{ half a f")
    assert state(client, "quick")["running"] is False


def test_campaign_that_is_not_there_is_told_with_the_nearest(client: TestClient) -> None:
    asked = (client.get("/api/campaigns/quik"), client.get("/api/campaigns/quik/plan"), post(client, "quik/start"))
    for answer in asked:
        assert answer.status_code == 404
        assert "quick" in answer.json()["error"]


def test_mistake_in_the_tests_is_told_by_the_plan(client: TestClient, folder: Path) -> None:
    (folder / "tests" / "test_quick.py").write_text("def test_zap(stb): pass\n")

    answer = client.get("/api/campaigns/quick/plan")

    assert answer.status_code == 502
    assert "stb" in answer.json()["error"]


@pytest.mark.parametrize("path", ["quick/start", "quick/stop"])
def test_only_our_own_pages_of_a_dashboard_that_acts_may(client: TestClient, folder: Path, path: str) -> None:
    token = client.app.state.guard.token  # type: ignore[attr-defined]
    for headers in ({}, {"Origin": labs.HERE}, {"Origin": "http://elsewhere", "X-Virtualpytest-Token": token}):
        assert client.post(f"/api/campaigns/{path}", json={}, headers=headers).status_code == 403
    with labs.client_of(folder, LAB.format(name=folder.name)) as looking:
        assert post(looking, path).status_code == 403
        assert "data-do=\"start\"" not in looking.get("/lab/campaigns").text


def test_what_is_no_request_is_refused(client: TestClient) -> None:
    assert post(client, "quick/start", failed="perhaps so").status_code == 422
    assert post(client, "quick/start", more=1).status_code == 422
    assert state(client, "quick")["running"] is False


def test_campaigns_whose_names_differ_in_one_sign_are_two(tmp_path: Path) -> None:
    text = '[devices.seat1]\nkind = "account"\n[campaigns."a:b"]\nresults = "r"\n[campaigns.a_b]\nresults = "r"\n'
    (tmp_path / "lab.toml").write_text(text)
    campaigns = Campaigns(config.load([tmp_path / "lab.toml"]))
    (tmp_path / "r" / ".virtualpytest").mkdir(parents=True)
    kept = {"pid": os.getpid(), "start": process.status(os.getpid())[1], "at": 1.0}
    (tmp_path / "r" / ".virtualpytest" / "campaign-a%3Ab.json").write_text(json.dumps(kept))

    assert [(state.campaign.name, state.running) for state in campaigns.all()] == [("a:b", True), ("a_b", False)]


def test_what_a_long_run_says_is_read_at_both_ends_alone(tmp_path: Path) -> None:
    (tmp_path / "lab.toml").write_text('[devices.seat1]\nkind = "account"\n[campaigns.long]\nresults = "r"\n')
    place = tmp_path / "r" / ".virtualpytest"
    place.mkdir(parents=True)
    (place / "campaign-long.json").write_text(json.dumps({"pid": 1, "start": "", "at": 1.0, "code": 0}))
    with (place / "campaign-long.log").open("wb") as file:
        file.write(b"results: r/1\n")
        file.truncate(1 << 34)  # a hole: as long as that of a run of years, and no bytes on the disk
        file.seek(0, os.SEEK_END)
        file.write(b"the end\n")

    begin = time.monotonic()
    state = Campaigns(config.load([tmp_path / "lab.toml"])).state("long")

    assert time.monotonic() - begin < 1
    assert state.said.endswith("the end\n")
    assert len(state.said) == 4000
    assert state.results == tmp_path / "r" / "1"
