"""API tokens, the audit log, and whose hands a device is in; no secret is in anything that is written or told."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import labs
import peopling
import pytest
from browsing import Write, plain
from sqlalchemy import URL, update
from starlette.testclient import TestClient
from virtualpytest_dashboard.people.schema import TOKEN

BOTH_STORES = "soak"
SEAT = '[devices.seat]\nkind = "account"\nresources = ["account:people-seat"]\n'


@pytest.fixture
def app(folder: Path, write: Write, database: URL | None) -> Iterator[Any]:
    """Give a dashboard with an admin, root, who is 1, and a tester, ben, who is 2."""
    write("test_zap")
    with peopling.app_of(folder, database=database) as app:
        peopling.add(app, "root", "admin")
        peopling.add(app, "ben", "tester")
        yield app


def deeds(app: Any, query: str = "") -> list[Any]:
    """Return the log, the newest first."""
    return list(peopling.client_of(app, 1).get(f"/api/audit{query}").json()["deeds"])


def told(deed: Any) -> tuple[str, ...]:
    return deed["who"], deed["token"], deed["what"], deed["about"], deed["status"]


def test_token_is_shown_once_acts_within_its_scopes_and_is_revoked(app: Any) -> None:
    ben = peopling.client_of(app, 2)
    made = ben.post("/api/tokens", json={"name": "ci", "scopes": ["read", "campaigns"], "days": 7}).json()
    program = TestClient(app, base_url=peopling.HERE, headers={"Authorization": f"Bearer {made['secret']}"})

    assert made["secret"].startswith("vpt_")
    assert made["until"] == pytest.approx(time.time() + 7 * 86400, abs=60)
    assert program.get("/api/auth").json() == {
        "name": "ben", "role": "tester", "token": "ci", "scopes": ["campaigns", "read"],
    }  # fmt: skip
    [listed] = ben.get("/api/tokens").json()["tokens"]
    assert made["secret"] not in json.dumps(listed)
    assert (listed["name"], listed["user"], listed["scopes"]) == ("ci", "ben", ["campaigns", "read"])
    assert listed["used"] == pytest.approx(time.time(), abs=60)

    assert ben.patch(f"/api/tokens/{made['id']}", json={"name": "jenkins"}).status_code == 200
    assert program.get("/api/auth").json()["token"] == "jenkins"
    assert ben.request("DELETE", f"/api/tokens/{made['id']}").status_code == 200
    assert program.get("/api/auth").status_code == 401
    assert ben.get("/api/tokens").json() == {"tokens": []}


def test_token_ends_by_itself(app: Any) -> None:
    program = peopling.program_of(app, 2, "read")
    assert program.get("/").status_code == 200

    with app.state.kept.writing() as connection:
        connection.execute(update(TOKEN).values(until=time.time() - 1))

    assert program.get("/").status_code == 401


def test_tokens_are_ones_own_and_an_admins_to_revoke(app: Any) -> None:
    peopling.program_of(app, 1, "admin")
    peopling.program_of(app, 2, "read")
    root, ben = peopling.client_of(app, 1), peopling.client_of(app, 2)

    assert [one["user"] for one in ben.get("/api/tokens?all").json()["tokens"]] == ["ben"]
    assert [one["user"] for one in root.get("/api/tokens?all").json()["tokens"]] == ["ben", "root"]
    assert [one["user"] for one in root.get("/api/tokens").json()["tokens"]] == ["root"]
    for method, body in (("DELETE", None), ("PATCH", {"name": "mine"})):
        assert ben.request(method, "/api/tokens/1", json=body).status_code == 404
        assert ben.request(method, "/api/tokens/nothing", json=body).status_code == 404
    assert root.request("DELETE", "/api/tokens/2").status_code == 200


def test_token_needs_no_page_but_a_token_in_an_address_is_nothing(app: Any) -> None:
    program = peopling.program_of(app, 1, "admin")
    assert program.post("/api/teams", json={"name": "racks"}).status_code == 200
    assert program.post("/api/teams", json={"name": "others"}, headers={"Origin": "http://evil"}).status_code == 200
    secret = program.headers["authorization"].split()[1]
    for name in ("token", "access_token", "authorization"):
        assert peopling.client_of(app).get(f"/api/teams?{name}={secret}").status_code == 401
    browser = peopling.client_of(app)
    browser.cookies.set("virtualpytest", secret)
    assert browser.get("/api/teams").status_code == 401


@pytest.mark.parametrize(
    "wrong",
    [{"name": ""}, {"name": "a\nb"}, {"scopes": []}, {"scopes": ["all"]}, {"days": 0}, {"days": 367}, {"days": 1.5},
     {"more": 1}],
)  # fmt: skip
def test_what_is_no_token_is_told(app: Any, wrong: dict[str, Any]) -> None:
    answer = peopling.client_of(app, 2).post("/api/tokens", json={"name": "ci", "scopes": ["read"]} | wrong)

    assert answer.status_code == 422
    assert answer.json()["error"].startswith(next(iter(wrong)))


def test_what_is_done_is_in_the_log_with_who_and_from_where_and_what_came_of_it(app: Any) -> None:
    root, ben = peopling.client_of(app, 1), peopling.client_of(app, 2)
    root.post("/api/teams", json={"name": "racks"})
    root.post("/api/users", json={"name": "eve", "role": "viewer"})
    root.patch("/api/users/eve", json={"role": "tester"})
    ben.request("DELETE", "/api/users/eve")
    peopling.program_of(app, 1, "admin").request("DELETE", "/api/teams/racks")
    peopling.sign_in(peopling.client_of(app), "ben")
    peopling.sign_in(peopling.client_of(app), "ben", "wrong")
    peopling.sign_in(peopling.client_of(app), "nobody", "wrong")
    for client in (ben, peopling.client_of(app)):
        client.get("/people")

    assert [told(deed) for deed in reversed(deeds(app))] == [
        ("root", "", "api-team-add", "team racks", 200),
        ("root", "", "api-user-add", "user eve, role viewer", 200),
        ("root", "", "api-user-change", "user eve, role tester", 200),
        ("ben", "", "api-user-remove", "user eve", 403),
        ("root", "ci", "api-team-remove", "team racks", 200),
        ("ben", "", "sign-in-form", "", 303),
        ("ben", "", "sign-in-form", "", 401),
        ("", "", "sign-in-form", "", 401),
    ]
    assert {deed["address"] for deed in deeds(app)} == {"testclient"}
    assert deeds(app)[0]["at"] == pytest.approx(time.time(), abs=60)


def test_log_is_filtered_and_comes_in_pages(app: Any) -> None:
    root = peopling.client_of(app, 1)
    for number in range(3):
        root.post("/api/teams", json={"name": f"team{number}"})
    peopling.client_of(app, 2).post("/api/teams", json={})

    assert [deed["who"] for deed in deeds(app, "?who=ben")] == ["ben"]
    assert len(deeds(app, "?who=root&what=api-team-add")) == 3
    assert deeds(app, "?what=nothing%00") == []
    assert deeds(app, "?page=2") == []
    page = plain(root.get("/people/audit?who=root").text)
    assert "3 deeds" in page
    assert "team team2" in page


def test_flood_of_strangers_is_not_logged(app: Any) -> None:
    stranger = peopling.client_of(app)
    for _ in range(5):
        stranger.post("/api/teams", json={})
        stranger.post("/sign-in", data={"name": "ben", "password": "x"})  # from no page of ours
        stranger.post("/nowhere")

    assert deeds(app) == []


def test_no_secret_is_written_logged_or_told(
    app: Any, folder: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    root, link = peopling.client_of(app, 1), peopling.first_link(app)
    token = root.post("/api/tokens", json={"name": "ci", "scopes": ["read"]}).json()["secret"]
    secrets = [token, link, root.cookies["virtualpytest"], "a whole other one", "not even close"]
    program = TestClient(app, base_url=peopling.HERE, headers={"Authorization": f"Bearer {token}"})
    said = [
        program.get("/api/auth"), program.post("/api/users", json={}), program.get("/nowhere"), program.get("/"),
        root.patch("/api/auth", json={"password": "not even close", "new": "a whole other one"}),
        root.patch("/api/auth", json={"password": ["a whole other one"], "new": 1}),
        peopling.client_of(app).post("/api/auth", json={"name": "root", "password": "not even close", "x": token}),
        peopling.client_of(app).post(f"/first/{link}", data={}, headers={"Origin": peopling.HERE}),
        peopling.client_of(app).get(f"/api/devices?token={token}"),
        root.get("/me"), root.get("/people"), root.get("/people/audit"), root.get("/api/audit"),
        root.get("/api/tokens"),
    ]  # fmt: skip

    output = "".join(capfd.readouterr())
    kept = b"".join(path.read_bytes() for path in (folder / ".virtualpytest").glob("dashboard.sqlite*"))
    for secret in secrets:
        assert [answer.text for answer in said if secret in answer.text] == []
        assert [line for line in caplog.messages if secret in line and not line.startswith("HTTP Request")] == []
        assert secret not in output
        assert secret.encode() not in kept


def test_device_is_in_the_hands_of_the_person_and_released_by_an_admin(tmp_path: Path) -> None:
    with peopling.app_of(tmp_path, SEAT) as app:
        peopling.add(app, "root", "admin")
        root, ben = peopling.client_of(app, 1), peopling.client_of(app, peopling.add(app, "ben", "tester"))
        viewer = peopling.client_of(app, peopling.add(app, "eve"))
        labs.device(ben, "seat", "free")
        nobody = root.post("/api/devices/seat/control/release", json={})
        hold = ben.post("/api/devices/seat/control", json={}).json()["hold"]
        held = labs.device(root, "seat", "held")["holder"]
        taken = root.post("/api/devices/seat/control", json={})

        assert (nobody.status_code, nobody.json()["error"]) == (409, "nobody holds 'seat' through this dashboard")
        assert (held["kind"], held["user"]) == ("person", "ben")
        assert (taken.status_code, "ben" in taken.json()["error"]) == (409, True)
        assert ben.post("/api/devices/seat/control/release", json={}).status_code == 403
        assert root.post("/api/devices/seat/control/release", json={}).status_code == 200
        lost = ben.post("/api/devices/seat/control/keep", json={"hold": hold})
        assert (lost.status_code, "root has released it" in lost.json()["error"]) == (409, True)
        labs.device(root, "seat", "free")

        pages = {client: client.get("/lab/devices/seat").text for client in (root, ben, viewer)}
        assert ["Take control" in page for page in pages.values()] == [True, True, False]
        assert ["Release whoever has it" in page for page in pages.values()] == [True, False, False]
        assert "You look: testers take devices." in pages[viewer]
        assert [(deed["who"], deed["about"], deed["status"]) for deed in deeds(app, "?what=api-take")] == [
            ("root", "device seat", 409), ("ben", "device seat", 200),
        ]  # fmt: skip
        assert deeds(app, "?what=api-keep") == []
