"""Campaigns that people make in the dashboard, and selections of tests that are run once."""

from __future__ import annotations

import contextlib
import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import labs
import pytest
from browsing import ours, plain
from campaigning import mark
from starlette.testclient import TestClient
from virtualpytest_dashboard.campaigns.desk import Desk
from virtualpytest_dashboard.campaigns.executions import Executions, Selection

from pytest_virtualpytest import config
from pytest_virtualpytest.gateway import Gateways

LAB = """
[devices.seat1]
kind = "account"
resources = ["account:{name}1"]
[devices.seat2]
kind = "account"
resources = ["account:{name}2"]
[campaigns.night]
tests = ["tests"]
"""
SUITE = """
import pytest
@pytest.mark.parametrize("at", ["http://x", "b"])
def test_seat(dut, at): assert at != "b", dut.name
class TestMore:
    def test_more(self, dut): pass
"""
CONTENT = {"tests": ["tests/test_seat.py::TestMore"], "devices": {"name": "seat2"}, "reruns": 0, "budget": "2h"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give the folder of a lab file, with tests."""
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_seat.py").write_text(SUITE)
    return tmp_path


@pytest.fixture
def client(folder: Path) -> Iterator[TestClient]:
    """Give a client of a dashboard with --control."""
    with labs.client_of(folder, LAB.format(name=folder.name), control=True) as client:
        yield client


def post(client: TestClient, path: str, **body: Any) -> Any:
    return client.post(f"/api/{path}", json=body, headers=ours(client))


def test_campaign_is_made_planned_exported_changed_and_deleted(client: TestClient, folder: Path) -> None:
    assert post(client, "campaigns", name="a:b.c?", campaign=CONTENT).status_code == 200

    plan = client.get("/api/campaigns/a%3Ab.c%3F/plan").json()
    assert [(test["test"], test["devices"]) for test in plan["tests"]] == [
        ("tests/test_seat.py::TestMore::test_more", {"dut": ["seat2"]})
    ]
    page = client.get("/lab/campaigns").text
    assert "/api/campaigns/a%3Ab.c%3F/toml" in page
    assert "tests/test_seat.py::TestMore</textarea>" in client.get("/lab/campaign?campaign=a%3Ab.c%3F").text
    assert 'value="a:b.c?-copy"' in client.get("/lab/campaign?copy=a%3Ab.c%3F").text

    exported = client.get("/api/campaigns/a%3Ab.c%3F/toml").text
    assert tomllib.loads(exported) == {"campaigns": {"a:b.c?": CONTENT}}
    (folder / "other.toml").write_text(LAB + exported)
    assert config.load([folder / "other.toml"]).campaigns["a:b.c?"].budget == 7200

    less = {"tests": ["tests"], "keyword": "more"}
    assert post(client, "campaigns/a%3Ab.c%3F/change", campaign=less).status_code == 200
    assert 'keyword = "more"' in client.get("/api/campaigns/a%3Ab.c%3F/toml").text
    assert post(client, "campaigns/a%3Ab.c%3F/delete").status_code == 200
    assert client.get("/api/campaigns/a%3Ab.c%3F").status_code == 404


@pytest.mark.parametrize(
    ("name", "campaign", "said"),
    [
        ("night", {}, "campaign 'night' is one of"),
        ("day", {"test": []}, "campaigns.day.test: unknown key; did you mean 'tests'?"),
        ("day", {"devices": {"name": "seat3"}, "each": "two"}, "campaigns.day.devices.name: no device 'seat3'"),
        ("two words", {}, "a name has no blanks"),
        ("a\0b", {}, "no signs that cannot be seen"),
        ("day", {"reruns": None}, "campaigns.day.reruns: must be a whole number"),
    ],
)
def test_campaign_that_cannot_be_is_refused_as_a_lab_file_would(
    client: TestClient, name: str, campaign: dict[str, Any], said: str
) -> None:
    answer = post(client, "campaigns", name=name, campaign=campaign)

    assert answer.status_code == 422
    assert said in answer.json()["error"]


def test_name_is_given_once_and_the_lab_files_campaigns_are_not_changed_here(client: TestClient) -> None:
    assert post(client, "campaigns", name="day").status_code == 200
    assert "there already" in post(client, "campaigns", name="day").json()["error"]
    for word, body in (("change", {"campaign": {}}), ("delete", {})):
        answer = post(client, f"campaigns/night/{word}", **body)
        assert answer.status_code == 404
        assert "those of the lab file are changed there" in answer.json()["error"]


def test_campaign_that_the_lab_file_no_longer_allows_is_shown_with_the_reason(client: TestClient, folder: Path) -> None:
    post(client, "campaigns", name="day", campaign=CONTENT)

    with labs.client_of(folder, LAB.format(name=folder.name).replace("seat2", "seat3"), control=True) as other:
        page = other.get("/lab/campaigns").text
        assert "no device &#39;seat2&#39;" in page
        assert "/lab/campaign?campaign=day" in page
        assert post(other, "campaigns/day/start").status_code == 404


def test_selection_is_run_once_on_its_device_as_often_as_asked(client: TestClient) -> None:
    tests = ["tests/test_seat.py::test_seat[http://x]"]
    begun = post(client, "execution", tests=tests, devices=["seat2"], count=2).json()
    assert begun["selection"]["tests"] == tests

    labs.until(lambda: client.get(f"/api/execution/{begun['id']}").json()["code"] is not None)
    told = client.get(f"/api/execution/{begun['id']}").json()
    assert told["code"] == 0, told["said"]
    assert "2 passed" in told["said"]
    results = [json.loads(path.read_text()) for path in Path(told["results"]).glob("*-result.json")]
    assert [(one["name"], _device(one)) for one in results] == [("test_seat[http://x]", "seat2")] * 2
    assert "test_seat[http://x]" in client.get(told["run"]).text
    assert [one["id"] for one in client.get("/api/execution").json()["executions"]] == [begun["id"]]
    assert [one["name"] for one in client.get("/api/campaigns").json()["campaigns"]] == ["night"]
    assert "tests/test_seat.py::test_seat[http://x] on seat2, 2 times" in words(client.get("/lab/campaigns").text)
    assert post(client, f"execution/{begun['id']}/stop").status_code == 409


def _device(result: dict[str, Any]) -> str:
    return next(label["value"] for label in result["labels"] if label["name"] == "device")


def words(page: str) -> str:
    return plain(page).replace(" , ", ", ")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "tests: which?"),
        ({"tests": ["tests/test_set.py::test_a"]}, "no file 'tests/test_set.py' in"),
        ({"tests": ["--pdb"]}, "no file '--pdb'"),
        ({"tests": ["tests::\0"]}, "no file 'tests'"),
        ({"tests": ["x" * 300]}, "no file 'xxx"),
        ({"tests": ["tests"], "devices": ["seat"]}, "no device 'seat'; did you mean 'seat"),
        ({"tests": ["tests"], "count": 0}, "count"),
        ({"tests": ["tests"], "count": 101}, "count"),
        ({"tests": ["tests"], "more": 1}, "more"),
    ],
)
def test_selection_that_cannot_be_is_refused(client: TestClient, body: dict[str, Any], said: str) -> None:
    answer = post(client, "execution", **body)

    assert answer.status_code == 422
    assert said in answer.json()["error"]
    assert client.get("/api/execution").json() == {"executions": []}


def test_selection_waits_for_its_turn(client: TestClient, folder: Path) -> None:
    mark(folder / "allure-results" / "once", "once-1")

    begun = post(client, "execution", tests=["tests"], queue=True).json()

    assert (begun["name"], begun["waiting"]["why"]) == ("once-1", "still running")


def test_selection_waits_for_the_devices_that_it_names_alone(client: TestClient, folder: Path) -> None:
    state: Any = client.app.state  # type: ignore[attr-defined]
    executions = Executions(state.kept)
    for device in ("seat1", "seat2"):
        executions.make(Selection(tests=["tests"], devices=[device]))
    lab = config.load([folder / "lab.toml"])

    with contextlib.closing(Gateways(lab.hosts)) as gateways:
        gateway = gateways.of("local")
        gateway.attach(lab.devices["seat1"].spec())
        gateway.lease("seat1", labs.BEN)
        desk = Desk(state.lab.bench(), state.kept)

        assert desk.busy("once-1") == "its devices are held: seat1 by ben, run 4f6b, test_zap"
        assert desk.busy("once-2") == ""
        assert desk.busy("night") == ""


def test_page_of_a_test_runs_it_again(client: TestClient, folder: Path) -> None:
    (folder / "runs").mkdir()
    result = {
        "name": "test_seat[b]", "fullName": "tests.test_seat#test_seat", "uuid": "u", "status": "failed", "start": 1,
        "stop": 2, "labels": [{"name": "device", "value": "seat1"}],
    }  # fmt: skip
    (folder / "runs" / "u-result.json").write_text(json.dumps(result))
    run = next(one for one in client.app.state.folders.all() if one.path.name == "runs")  # type: ignore[attr-defined]

    page = client.get(f"/runs/{run.name}/tests/u").text
    assert 'name="tests" data-list value="tests/test_seat.py::test_seat[b]"' in page
    assert 'name="devices" data-list="," value="seat1"' in page
    assert 'data-act="/api/execution"' in page
    with labs.client_of(folder, LAB.format(name=folder.name)) as looking:
        assert 'data-act="/api/execution"' not in looking.get(f"/runs/{run.name}/tests/u").text
