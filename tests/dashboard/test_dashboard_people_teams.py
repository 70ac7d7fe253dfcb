"""What a team owns is there for its members and for admins, and for nobody else is there any sign of it."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import peopling
import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from test_dashboard_measurements import T, measured
from test_dashboard_people_routes import asked
from virtualpytest_dashboard.folders import Folders
from virtualpytest_dashboard.people import gate
from virtualpytest_dashboard.people.seen import Part

LAB = """
[hosts.zebrahost]
python = "/nowhere/python"
[hosts.plainhost]
python = "/nowhere/python"
[devices.zebrabox]
kind = "tv"
host = "plainhost"
[devices.onzebra]
kind = "tv"
host = "zebrahost"
[devices.plainbox]
kind = "tv"
host = "plainhost"
[campaigns.zebranight]
tests = ["tests"]
results = "zebraresults"
[campaigns.plainnight]
tests = ["tests"]
results = "plainresults"
"""


def written(folder: Path, word: str, later: int = 0) -> None:
    """Write a run into *folder*, with *word* in all that it says."""
    measured(folder, (f"{word}box", 1.0), at=later, name=f"{word}zap")
    start = 1000 * (T + later)
    labels = [{"name": "device", "value": f"{word}box"}, {"name": "tag", "value": f"{word}tag"}]
    for name in (f"test_{word}", "test_of_all"):
        result = {"name": name, "uuid": f"{word}-{name}", "historyId": name, "labels": labels, "status": "failed",
                  "fullName": f"tests#{name}", "statusDetails": {"message": f"{word} is not on"},
                  "start": start, "stop": start + 1000,
                  "attachments": [{"name": word, "source": f"{word}.txt", "type": "text/plain"}]}  # fmt: skip
        (folder / f"{name}-result.json").write_text(json.dumps(result), encoding="utf-8")
    (folder / f"{word}.txt").write_text(word, encoding="utf-8")
    os.utime(folder, (T + later, T + later))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Give a dashboard in which the team of keepers owns what has zebra in its name."""
    root = tmp_path_factory.mktemp("night")
    written(root / "plain", "plain")
    written(root / "zebraown", "zebra", later=1000)
    written(root / "zebraresults" / "zebrafirst", "zebra", later=2000)
    written(root / "newest", "plain", later=3000)
    with peopling.app_of(root, LAB) as app:
        peopling.add(app, "keeper", "tester", "keepers")
        peopling.add(app, "stranger", "tester", "gardeners")
        peopling.add(app, "root", "admin")
        peopling.add(app, "loner", "viewer")
        runs = [folder.name for folder in app.state.folders.all() if folder.path.name == "zebraown"]
        peopling.own(app, "keepers", host=["zebrahost"], device=["zebrabox"], campaign=["zebranight"], run=runs)
        for campaign in ("zebranight", "plainnight"):
            plan = {"campaign": campaign, "cron": "0 3 * * *"}
            assert admin(app).post("/api/schedules", json=plan).status_code == 200
        yield app


def admin(app: Any) -> TestClient:
    return peopling.client_of(app, 3)


def shown(client: TestClient) -> dict[str, str]:
    """Return what each address says that needs no name: a page, or an answer of the API."""
    every = [one for one in asked(client.app.routes) if one.method == "GET" and "nothing" not in one.path]  # type: ignore[attr-defined]
    slow = "/api/testcases"  # collects with a process of its own, of the campaigns that are listed
    answers = {one.path: client.get(one.path) for one in every if one.needs != "admin" and one.path != slow}
    assert {answer.status_code for answer in answers.values()} <= {200, 303, 404, 422}, answers
    return {path: answer.text for path, answer in answers.items()}


def runs(client: TestClient) -> list[str]:
    """Return the addresses of the runs that *client* sees."""
    return sorted(set(re.findall(r'href="[^"]*(/runs/[^"/]+)"', client.get("/").text)))


def test_whatever_is_asked_of_the_runs_is_asked_of_those_that_may_be_seen() -> None:
    public = {name for name, value in vars(Folders).items() if callable(value) and not name.startswith("_")}

    assert len(public) > 4
    assert public - set(vars(Part)) == set()


@pytest.mark.parametrize("user", [2, 4])
def test_nothing_that_is_listed_has_a_sign_of_what_another_team_owns(app: Any, user: int) -> None:
    member, other = shown(peopling.client_of(app, 1)), shown(peopling.client_of(app, user))

    told = {path for path, text in member.items() if "zebra" in text}
    assert told >= {"/", "/measurements", "/lab", "/lab/hosts", "/lab/campaigns", "/lab/schedules", "/lab/incidents",
                    "/api/devices", "/api/hosts", "/api/campaigns", "/api/schedules"}  # fmt: skip
    assert {path for path, text in other.items() if "zebra" in text} == set()
    assert "plainbox" in other["/api/devices"]
    assert "plainnight" in other["/api/schedules"]
    assert shown(admin(app))["/api/devices"].count("zebra") == member["/api/devices"].count("zebra")


def test_every_address_of_what_another_team_owns_is_as_if_it_were_not_there(app: Any) -> None:
    keeper, stranger = peopling.client_of(app, 1), peopling.client_of(app, 2)
    theirs = sorted(set(runs(keeper)) - set(runs(stranger)))
    assert len(theirs) == 2
    things = {"{device}": ["zebrabox", "onzebra"], "{campaign}": ["zebranight"], "{run}": [run[6:] for run in theirs]}
    routes = [route for route in app.routes if any(f"{{{word}" in getattr(route, "path", "") for word in
                                                   ("device", "campaign", "run", "schedule"))]  # fmt: skip
    assert len(routes) > 25

    for route in routes:
        for thing, names in {**things, "{schedule:int}": ["1"]}.items():
            for name in names if thing in route.path else ():
                path = route.path.replace(thing, name).replace("{what}", "tag").replace("{name}", "zebra.txt")
                path = path.replace("{uuid}", "zebra-test_zebra").replace("{incident}", "1-black")
                for method in route.methods - {"HEAD"}:
                    body = {} if method == "GET" else {"json": {}}
                    answer = stranger.request(method, path, **body)
                    assert answer.status_code in {404, 422}, f"{method} {path}: {answer.status_code}"
                    assert answer.status_code == 404 or method == "POST", path


def test_device_that_is_named_in_a_query_is_as_if_it_were_not_there(app: Any) -> None:
    stranger = peopling.client_of(app, 2)
    for path in ("/api/restart/images?device_id=zebrabox", "/api/restart/images/1.0?device_id=zebrabox",
                 "/api/incidents?device=zebrabox", "/lab/incidents?device=zebrabox"):  # fmt: skip
        answer, missing = stranger.get(path), stranger.get(path.replace("zebrabox", "wrongbox"))
        assert (answer.status_code, missing.status_code) == (404, 404)
        assert answer.text.replace("zebrabox", "wrongbox") == missing.text


def test_run_before_is_the_one_before_that_may_be_seen(app: Any) -> None:
    def before(user: int) -> str:
        return peopling.client_of(app, user).get(next(run for run in runs(admin(app)) if "newest" in run)).text

    assert "zebrafirst" in before(1)
    stranger = before(2)
    assert "zebra" not in stranger
    assert "/runs/plain-" in stranger
    assert "zebrafirst" in before(1)  # and what one sees is not kept for the other


def test_live_states_are_those_that_may_be_seen(app: Any) -> None:
    def names(user: int) -> set[str]:
        client = peopling.client_of(app, user)
        with client.websocket_connect("ws://127.0.0.1/ws/lab") as socket:
            socket.send_json({"show": ["zebrabox", "plainbox"], "size": "small"})
            return {device["name"] for device in json.loads(socket.receive_text())["devices"]}

    assert names(1) == {"zebrabox", "onzebra", "plainbox"}
    assert names(2) == {"plainbox"}


def test_foreign_origin_opens_no_socket_with_the_cookie_but_a_program_does_with_its_token(app: Any) -> None:
    for origin in ("http://evil.example", "null"):
        client = peopling.client_of(app, 1)
        client.headers["Origin"] = origin
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("ws://127.0.0.1/ws/lab"):
            pass
    program = peopling.program_of(app, 1, "read")
    with program.websocket_connect("ws://127.0.0.1/ws/lab") as socket:
        assert "zebrabox" in socket.receive_text()


def test_run_of_a_team_of_which_nothing_can_be_told_is_hidden(app: Any, tmp_path: Path) -> None:
    """Without a lab file that can be read, nobody knows which runs are a campaign's."""
    written(tmp_path / "zebraresults" / "zebrafirst", "zebra")
    with peopling.app_of(tmp_path, "[campaigns.zebranight]\ntests = 3\n") as broken:
        peopling.add(broken, "stranger")
        peopling.own(broken, "keepers", campaign=["zebranight"])
        peopling.add(broken, "root", "admin")

        assert runs(peopling.client_of(broken, 1)) == []
        assert len(runs(peopling.client_of(broken, 2))) == 1


def test_what_is_made_a_teams_is_gone_for_others_at_once_and_back_with_the_team(tmp_path: Path) -> None:
    with peopling.app_of(tmp_path, LAB) as app:
        ben = peopling.client_of(app, peopling.add(app, "ben"))
        root = peopling.client_of(app, peopling.add(app, "root", "admin"))

        def seen() -> set[str]:
            return {device["name"] for device in ben.get("/api/devices").json()["devices"]}

        assert root.post("/api/teams", json={"name": "keepers"}).status_code == 200
        owns = {"owns": {"device": ["plainbox"], "host": ["zebrahost"]}}
        assert root.patch("/api/teams/keepers", json=owns).json()["owns"]["device"] == ["plainbox"]
        assert seen() == {"zebrabox"}
        assert root.patch("/api/users/ben", json={"teams": ["keepers"]}).json()["teams"] == ["keepers"]
        assert seen() == {"zebrabox", "plainbox", "onzebra"}
        assert root.patch("/api/teams/keepers", json={"members": []}).json()["members"] == []
        assert seen() == {"zebrabox"}
        assert root.patch("/api/teams/keepers", json={"owns": {"device": []}}).json()["owns"]["host"] == ["zebrahost"]
        assert seen() == {"zebrabox", "plainbox"}
        assert root.request("DELETE", "/api/teams/keepers").status_code == 200
        assert seen() == {"zebrabox", "plainbox", "onzebra"}


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("POST", "/api/teams", {"name": "keepers"}, 409, "a team 'keepers' already"),
        ("POST", "/api/teams", {"name": "\x00"}, 422, "name: "),
        ("PATCH", "/api/teams/keeper", {"members": []}, 404, "no team 'keeper'"),
        ("PATCH", "/api/teams/keepers", {"members": ["eve"]}, 404, "no user 'eve'"),
        ("PATCH", "/api/teams/keepers", {"owns": {"moon": []}}, 422, "owns.moon"),
        ("PATCH", "/api/teams/keepers", {"owns": {"run": [""]}}, 422, "owns.run.0"),
        ("DELETE", "/api/teams/%00", None, 404, "no team"),
        ("POST", "/api/users", {"name": "keeper"}, 409, "a user 'keeper' already"),
        ("POST", "/api/users", {"name": "Eve"}, 422, "name: "),
        ("POST", "/api/users", {"name": "eve", "role": "king"}, 422, "role: "),
        ("POST", "/api/users", {"name": "eve", "teams": ["none"]}, 404, "no team 'none'"),
        ("PATCH", "/api/users/eve", {"role": "admin"}, 404, "no user 'eve'"),
        ("PATCH", "/api/users/root", {"role": "tester"}, 409, "nobody would be an admin any more"),
        ("DELETE", "/api/users/root", None, 409, "nobody would be an admin any more"),
        ("DELETE", "/api/users/%00", None, 404, "no user"),
        ("POST", "/api/users/eve/link", {}, 404, "no user 'eve'"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_is_changed(
    app: Any, method: str, path: str, body: Any, status: int, words: str
) -> None:
    before = [admin(app).get(f"/api/{what}").json() for what in ("users", "teams")]

    answer = admin(app).request(method, path, json=body)

    assert (answer.status_code, words in answer.json()["error"]) == (status, True), answer.text
    assert [admin(app).get(f"/api/{what}").json() for what in ("users", "teams")] == before


def test_user_begins_with_a_link_and_is_gone_with_sessions_and_tokens(app: Any) -> None:
    root = admin(app)
    made = root.post("/api/users", json={"name": "eve", "role": "tester", "teams": ["keepers"]}).json()
    told = next(user for user in root.get("/api/users").json()["users"] if user["name"] == "eve")
    assert told == {"name": "eve", "role": "tester", "teams": ["keepers"], "waits": True}
    assert peopling.sign_in(peopling.client_of(app), "eve", "").status_code == 401
    again = root.post("/api/users/eve/link", json={}).json()["link"]
    browser, said = peopling.client_of(app), {"password": peopling.PASSWORD, "again": peopling.PASSWORD, "name": "root"}
    assert browser.get(made["link"]).status_code == 404  # the newer one counts
    assert "<b>eve</b>" in browser.get(again).text

    assert browser.post(again, data=said, headers={"Origin": peopling.HERE}).status_code == 303
    assert browser.get("/api/auth").json()["name"] == "eve"
    acting = {"Origin": peopling.HERE, "X-Virtualpytest-Token": peopling.page_token(browser.get("/").text)}
    secret = browser.post("/api/tokens", json={"name": "ci", "scopes": ["read"]}, headers=acting).json()["secret"]
    program = TestClient(app, base_url=peopling.HERE, headers={"Authorization": f"Bearer {secret}"})
    assert program.get("/api/auth").json()["name"] == "eve"

    assert root.request("DELETE", "/api/users/eve").status_code == 200
    for client in (browser, program):
        assert client.get("/api/auth").status_code == 401


def test_link_for_another_password_ends_the_sessions_of_whoever_had_the_old_one(tmp_path: Path) -> None:
    with peopling.app_of(tmp_path) as app:
        ben, root = peopling.add(app, "ben"), peopling.add(app, "root", "admin")
        thief = peopling.client_of(app, ben)
        link = peopling.client_of(app, root).post("/api/users/ben/link", json={}).json()["link"]
        assert thief.get("/api/auth").status_code == 200

        said = {"password": peopling.PASSWORD, "again": peopling.PASSWORD}
        peopling.client_of(app).post(link, data=said, headers={"Origin": peopling.HERE})

        assert thief.get("/api/auth").status_code == 401


def test_stream_ends_within_seconds_once_its_person_is_signed_out(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "_AGAIN", 0.2)
    client, got = peopling.client_of(app, 2), []
    number = client.get("/api/sessions").json()["sessions"][0]["id"]
    address = f"{next(run for run in runs(client) if 'newest' in run)}/events"
    stream = threading.Thread(target=lambda: got.append(client.get(address)), daemon=True)
    stream.start()
    stream.join(1.0)
    assert stream.is_alive()

    peopling.client_of(app, 2).request("DELETE", f"/api/sessions/{number}")

    stream.join(20)
    assert [(answer.status_code, answer.text[:6]) for answer in got] == [(200, "data: ")]
