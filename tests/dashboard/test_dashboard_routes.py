"""One whole way through each family of addresses under /api: one dashboard, real runs and virtual devices behind it.

Programs ask with tokens, as they do from outside; only the first answer of a run, and of a host, is waited for.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import campaigning
import labs
import peopling
import pytest
from starlette.testclient import TestClient
from virtualpytest_dashboard.people import users

pytest.importorskip("av", reason="the lab's devices want virtualpytest[host]")

LAB = """
[devices.routebox]
virtual = "stb"
[devices.routeseat]
kind = "account"
resources = ["account:routes"]
[campaigns.night]
tests = ["suite"]
results = "night"
"""
SUITE = """
import pytest

@pytest.mark.device(name="routeseat")
def test_seat(dut):
    assert dut.name == "routeseat"

def test_fails():
    assert 1 + 1 == 3
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the lab file, its tests and their results."""
    folder = tmp_path_factory.mktemp("routes")
    (folder / "suite").mkdir()
    (folder / "suite" / "test_night.py").write_text(SUITE, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def app(folder: Path) -> Iterator[Any]:
    """Give the dashboard, which has users."""
    with peopling.app_of(folder, LAB) as app:
        yield app
        campaigning.await_end(folder / "lab.toml")


@pytest.fixture(scope="module")
def admin(app: Any) -> TestClient:
    """Give the browser of an admin."""
    return peopling.client_of(app, peopling.add(app, "root", "admin"))


@pytest.fixture(scope="module")
def tester(app: Any) -> TestClient:
    """Give a program of a tester, which may do all that a tester may."""
    return peopling.program_of(app, peopling.add(app, "ben", "tester"), "read", "control", "campaigns", "upload")


def _ended(client: TestClient, address: str) -> dict[str, Any]:
    """Return what *address* tells once its run has ended."""
    return dict(labs.until(lambda: (told := client.get(address).json())["code"] is not None and told, 120))


def test_api_hosts(tester: TestClient) -> None:
    [host] = labs.until(lambda: (told := tester.get("/api/hosts").json()["hosts"])[0]["state"] == "up" and told)

    assert host["name"] == "local"
    assert 0 < host["memory"] < 1
    assert abs(host["clock"]["late"]) < 1


def test_api_devices_are_taken_driven_and_given_back(tester: TestClient) -> None:
    from virtualpytest_host.virtual.control import Box

    labs.device(tester, "routebox", "free")
    control = "/api/devices/routebox/control"
    hold = tester.post(control, json={}).json()["hold"]
    action = {"do": "press", "key": "GUIDE"}
    acted = tester.post(f"{control}/act", json={"hold": hold, "action": action})

    assert acted.status_code == 200, acted.text
    labs.until(lambda: "guide:0" in str(Box("routebox").truth()))
    assert labs.device(tester, "routebox", "held")["holder"]["kind"] == "person"
    assert tester.post(f"{control}/release", json={"hold": hold}).status_code == 200
    labs.device(tester, "routebox", "free")


def test_api_restart_images_from_the_page_to_the_device_and_back(admin: TestClient) -> None:
    assert 'data-past="/api/restart/images"' in admin.get("/lab/devices/routebox").text
    address = "/api/restart/images?device_id=routebox&seconds=10"
    images = labs.until(lambda: admin.get(address).json().get("images"))

    picture = admin.get(images[-1]["url"])

    assert picture.headers["content-type"] == "image/jpeg"
    assert picture.content.startswith(b"\xff\xd8")
    assert float(picture.headers["x-captured"]) == pytest.approx(images[-1]["captured"], abs=0.001)


def test_api_monitoring(tester: TestClient) -> None:
    labs.device(tester, "routeseat", "free")

    told = tester.get("/api/monitoring").json()

    assert told["hosts"] == {"up": 1}
    assert sum(told["devices"].values()) == 2


def test_api_testcases(tester: TestClient) -> None:
    told = tester.get("/api/testcases?campaign=night").json()

    assert {one["test"].rpartition("::")[2] for one in told["testcases"]} == {"test_seat", "test_fails"}
    assert told["errors"] == {}


def test_api_campaigns_run_and_show_their_run(tester: TestClient) -> None:
    assert [one["name"] for one in tester.get("/api/campaigns").json()["campaigns"]] == ["night"]
    started = tester.post("/api/campaigns/night/start", json={})
    assert started.json()["running"] is True, started.text

    ended = _ended(tester, "/api/campaigns/night")

    assert ended["code"] == 1
    assert "test_fails" in tester.get(ended["run"]).text


def test_api_execution_runs_a_choice_of_tests_once(tester: TestClient) -> None:
    made = tester.post("/api/execution", json={"tests": ["suite"], "keyword": "test_seat"}).json()

    ended = _ended(tester, f"/api/execution/{made['id']}")

    assert ended["code"] == 0, ended["said"]
    assert made["id"] in [one["id"] for one in tester.get("/api/execution").json()["executions"]]


def test_api_runs_take_what_ci_sends(tester: TestClient) -> None:
    result = json.dumps({"name": "test_sent", "status": "failed", "uuid": "s", "historyId": "s", "start": 1, "stop": 2})
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        member = tarfile.TarInfo("s-result.json")
        member.size = len(result)
        archive.addfile(member, io.BytesIO(result.encode()))

    sent = tester.post("/api/runs?name=ci", content=data.getvalue(), headers={"Content-Type": "application/gzip"})

    assert sent.status_code == 201, sent.text
    assert "test_sent" in tester.get(sent.headers["location"]).text


def test_api_users_are_made_changed_and_removed(admin: TestClient) -> None:
    def role() -> str | None:
        return {one["name"]: str(one["role"]) for one in admin.get("/api/users").json()["users"]}.get("max")

    admin.post("/api/users", json={"name": "max", "role": "viewer"})
    roles = [role()]
    admin.patch("/api/users/max", json={"role": "tester"})
    roles.append(role())
    admin.delete("/api/users/max")

    assert [*roles, role()] == ["viewer", "tester", None]


def test_api_teams_decide_who_sees_what(admin: TestClient, app: Any) -> None:
    assert admin.post("/api/teams", json={"name": "red"}).status_code < 300
    assert admin.post("/api/users", json={"name": "eve", "role": "viewer"}).status_code < 300
    assert "eve" in [one["name"] for one in admin.get("/api/users").json()["users"]]
    assert "red" in [one["name"] for one in admin.get("/api/teams").json()["teams"]]
    with app.state.kept.reading() as connection:
        program = peopling.program_of(app, users.named(connection, "eve").id, "read")
    seen = [len(program.get("/api/devices").json()["devices"])]

    owns = admin.patch("/api/teams/red", json={"owns": {"device": ["routeseat"]}})
    seen.append(len(program.get("/api/devices").json()["devices"]))
    admin.patch("/api/teams/red", json={"owns": {"device": []}})

    assert owns.status_code < 300, owns.text
    assert seen == [2, 1]


def test_api_auth_signs_in_and_out(app: Any) -> None:
    peopling.add(app, "ann", "viewer")
    client = peopling.client_of(app)
    entered = client.post("/api/auth", json={"name": "ann", "password": peopling.PASSWORD})
    headers = {"Origin": peopling.HERE, "X-Virtualpytest-Token": entered.json()["token"]}

    told = client.get("/api/auth").json()
    left = client.request("DELETE", "/api/auth", headers=headers)

    assert (told["name"], told["role"]) == ("ann", "viewer")
    assert left.status_code == 200, left.text
    assert client.get("/api/auth").status_code == 401
