"""A person's hands on a device: who may, what it does, and when it ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import labs
import pytest
from browsing import ours
from starlette.testclient import TestClient
from virtualpytest_dashboard import serve

from pytest_virtualpytest.exceptions import ConfigError, LeaseError

pytest.importorskip("av", reason="the lab's devices want virtualpytest[host]")

BOX = '[devices.handbox]\nvirtual = "stb"\n[devices.other]\nkind = "account"\nresources = ["account:other"]\n'
ACCOUNT = '[devices.seat]\nkind = "account"\nresources = ["account:seat"]\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of the lab file."""
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    """Give a client of a dashboard with --control."""
    with labs.client_of(folder, BOX, control=True) as client:
        labs.device(client, "handbox", "free")
        yield client


def post(client: TestClient, path: str, **body: Any) -> Any:
    """Return the answer to what one of our pages sends."""
    return client.post(f"/api/devices/{path}", json=body, headers=ours(client))


@pytest.fixture
def hold(client: TestClient) -> Iterator[str]:
    """Give the key of the box in our hands."""
    labs.device(client, "handbox", "free")
    key = post(client, "handbox/control").json()["hold"]
    yield key
    post(client, "handbox/control/release", hold=key)


def test_taken_device_is_held_as_by_a_test_and_free_again_when_given_back(client: TestClient, folder: Path) -> None:
    key = post(client, "handbox/control").json()["hold"]
    with labs.somebody(folder) as rival:
        with pytest.raises(LeaseError, match="virtualpytest dashboard"):
            rival.lease("handbox", labs.BEN)
        held = labs.device(client, "handbox", "held")

        post(client, "handbox/control/release", hold=key)

        rival.lease("handbox", labs.BEN)
    assert (held["holder"]["kind"], held["holder"]["test"]) == ("person", "virtualpytest dashboard")


def test_key_is_pressed_on_the_device(client: TestClient, hold: str) -> None:
    from virtualpytest_host.virtual.control import Box

    before = len(Box("handbox").truth())
    answer = post(client, "handbox/control/act", hold=hold, action={"do": "press", "key": "GUIDE"})

    assert answer.status_code == 200
    labs.until(lambda: "guide:0" in str(Box("handbox").truth()[before:]))
    post(client, "handbox/control/act", hold=hold, action={"do": "press", "key": "BACK"})


@pytest.mark.parametrize(
    ("action", "status", "words"),
    [
        ({"do": "type", "text": "news"}, 200, ""),
        ({"do": "power", "to": "on"}, 200, ""),
        ({"do": "press", "key": "FLY"}, 502, "unknown key 'FLY'; keys: "),
        ({"do": "tap", "x": 1, "y": 2}, 502, "no 'touch'"),
        ({"do": "power", "to": "explode"}, 422, "action.power.to"),
        ({"do": "shell", "command": "id"}, 502, "no 'shell'"),
        ({"do": "dance"}, 422, "'press', 'type', 'tap', 'swipe', 'power', 'shell', 'follow', 'leave'"),
        ({"do": "press", "key": "OK", "more": 1}, 422, "more"),
        ({"do": "swipe", "points": [[1, 2]]}, 422, "points"),
    ],
)
def test_what_can_be_done_is_and_the_rest_is_told(
    client: TestClient, hold: str, action: Mapping[str, object], status: int, words: str
) -> None:
    answer = post(client, "handbox/control/act", hold=hold, action=action)

    assert answer.status_code == status, answer.text
    assert words in answer.json().get("error", "")


def test_device_in_use_is_refused_with_its_holder(client: TestClient, folder: Path) -> None:
    with labs.somebody(folder) as holder:
        holder.lease("other", labs.BEN)

        answer = post(client, "other/control")

    assert answer.status_code == 409
    assert answer.json()["error"].startswith("device 'other' is held by ben, run 4f6b, test_zap")


def test_key_of_a_hold_fits_its_own_device_only(client: TestClient, hold: str) -> None:
    acted = post(client, "other/control/act", hold=hold, action={"do": "press", "key": "OK"})
    post(client, "other/control/release", hold=hold)
    guessed = post(client, "handbox/control/keep", hold="guessed")
    kept = post(client, "handbox/control/keep", hold=hold)

    assert (acted.status_code, guessed.status_code, kept.status_code) == (409, 409, 200)
    assert kept.json()["left"] > 500


@pytest.mark.parametrize("path", ["control", "control/act", "control/keep", "control/release"])
@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"Origin": "http://evil.example"}, 403, "not come from a page of this dashboard"),
        ({"Origin": "null"}, 403, "not come from a page of this dashboard"),
        ({"Origin": None}, 403, "not come from a page of this dashboard"),
        ({"Origin": "http://127.0.0.1:9"}, 403, "not come from a page of this dashboard"),
        ({"X-Virtualpytest-Token": "guessed"}, 403, "load it again"),
        ({"X-Virtualpytest-Token": None}, 403, "load it again"),
        ({"Content-Type": "text/plain"}, 415, "application/json"),
    ],
)
def test_nobody_else_may_act(
    client: TestClient, path: str, change: Mapping[str, str | None], status: int, words: str
) -> None:
    sent = {"Content-Type": "application/json"} | ours(client) | change
    headers = {name: value for name, value in sent.items() if value is not None}

    answer = client.post(f"/api/devices/handbox/{path}", content=b"{}", headers=headers)

    assert answer.status_code == status
    assert words in answer.json()["error"]
    assert labs.device(client, "handbox")["state"] == "free"


def test_long_request_is_refused(client: TestClient) -> None:
    answer = post(client, "handbox/control/keep", hold="x" * 20_000)

    assert (answer.status_code, answer.json()) == (413, {"error": "more than 16384 bytes"})


def test_acting_by_a_link_is_impossible(client: TestClient) -> None:
    assert client.get("/api/devices/handbox/control", headers=ours(client)).status_code == 405


def test_without_control_nothing_can_be_taken(tmp_path: Path) -> None:
    with labs.client_of(tmp_path, ACCOUNT) as client:
        answer = post(client, "seat/control")
        page = client.get("/lab/devices/seat").text
        token = client.app.state.guard.token  # type: ignore[attr-defined]

    assert answer.status_code == 403
    assert "--control" in answer.json()["error"]
    assert "Take control" not in page
    assert token not in page


@pytest.mark.parametrize(
    ("idle", "keeping", "why"),
    [(1.0, True, "nothing was done for"), (600.0, False, "its page was left")],
)
def test_hold_ends_when_nothing_is_done_or_its_page_is_left(
    tmp_path: Path, idle: float, keeping: bool, why: str
) -> None:
    with labs.client_of(tmp_path, ACCOUNT, control=True, idle=idle) as client:
        bench = client.app.state.lab.bench()  # type: ignore[attr-defined]
        bench.control._away = 600.0 if keeping else 1.0
        key = post(client, "seat/control").json()["hold"]
        with labs.somebody(tmp_path) as other:
            labs.until(lambda: _leased(other))

        answer = post(client, "seat/control/keep", hold=key)

    assert answer.status_code == 409
    assert why in answer.json()["error"]


def test_dashboard_that_ends_gives_back_what_it_holds(tmp_path: Path) -> None:
    with labs.client_of(tmp_path, ACCOUNT, control=True) as client:
        post(client, "seat/control")

    with labs.somebody(tmp_path) as other:
        labs.until(lambda: _leased(other), 20)


@pytest.mark.parametrize("host", ["0.0.0.0", "", "192.0.2.1"])
def test_control_is_refused_where_others_could_reach_it(tmp_path: Path, host: str) -> None:
    (tmp_path / "a-result.json").write_text("{}", encoding="utf-8")

    with pytest.raises(ConfigError, match=r"anybody could take devices; it wants one of 127\.0\.0\.1, localhost"):
        serve.main([str(tmp_path)], host=host, port=0, lab=[], control=True)


def _leased(gateway: Any) -> bool:
    try:
        gateway.lease("seat", labs.BEN)
    except LeaseError:
        return False
    return True
