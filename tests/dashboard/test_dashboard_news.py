"""What happens, told to programs over /ws: to each of them all of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import labs
import pytest
from browsing import Write
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect
from virtualpytest_host.incidents import Keeper

from pytest_virtualpytest.incident import Incident

LAB = "".join(f'[devices.{name}]\nkind = "account"\nresources = ["account:{name}"]\n' for name in ("chair", "stool"))
LAB += '[campaigns.nightly]\ntests = ["tests"]\n'
WS = "ws://127.0.0.1/ws"
Event = dict[str, Any]


@pytest.fixture
def client(folder: Path, write: Write) -> Iterator[TestClient]:
    """Give a client of a dashboard with a lab, over one result."""
    write("test_first")
    with labs.client_of(folder, LAB) as client:
        yield client


def heard(socket: Any, wanted: Callable[[Event], bool]) -> list[Event]:
    """Return all that *socket* tells until an event is *wanted*, that one included."""
    found: list[Event] = []
    while not any(map(wanted, found)):
        found += json.loads(socket.receive_text())["events"]
    return found


def _total(number: int) -> Callable[[Event], bool]:
    return lambda event: bool(event["total"] == number)


def test_two_programs_are_told_each_result_as_it_comes(
    client: TestClient, write: Write
) -> None:
    with client.websocket_connect(f"{WS}?kind=run") as one, client.websocket_connect(f"{WS}?kind=run") as other:
        for socket in (one, other):
            assert heard(socket, lambda event: event["total"] == 1)[0]["kind"] == "run"
        for number in range(2, 7):
            write(f"test_{number}", "failed")
            told = [heard(socket, _total(number))[-1] for socket in (one, other)]

            assert told[0] == told[1]
            assert told[0]["counts"] == {"failed": number - 1, "passed": 1}


def test_device_that_is_taken_and_given_back_is_told(client: TestClient, folder: Path) -> None:
    with client.websocket_connect(f"{WS}?kind=device&device=chair") as socket:
        heard(socket, lambda event: event["state"] == "free")
        with labs.somebody(folder) as holder:
            holder.lease("chair", labs.BEN)
            held = heard(socket, lambda event: event["state"] == "held")[-1]
        freed = heard(socket, lambda event: event["state"] == "free")

    assert held["holder"]["user"] == "ben"
    assert {event["device"] for event in freed} == {"chair"}


def test_campaign_is_told_and_what_was_not_asked_for_is_not(client: TestClient) -> None:
    with client.websocket_connect(f"{WS}?kind=campaign&kind=run") as socket:
        told = heard(socket, lambda event: event["kind"] == "campaign")

    assert {event["kind"] for event in told} <= {"campaign", "run"}
    assert [event["campaign"] for event in told if event["kind"] == "campaign"] == ["nightly"]


def test_incident_is_told_when_it_begins_and_when_it_ends(client: TestClient) -> None:
    one = Incident(f"{time.time() * 1000:.0f}-lost", "stool", "lost", time.time(), 0.5)
    with client.websocket_connect(f"{WS}?kind=incident&device=stool") as socket, Keeper("stool") as keeper:
        keeper.keep(one, b"")
        began = heard(socket, lambda event: event["incident"] == one.id)[-1]
        keeper.keep(replace(one, state="over", end=one.begin + 7))
        ended = heard(socket, lambda event: event["state"] == "over")[-1]

    assert (began["what"], began["state"], ended["incident"]) == ("lost", "open", one.id)
    assert ended["end"] == one.begin + 7


def test_run_that_is_removed_is_told_to_be_gone(client: TestClient, folder: Path, write: Write) -> None:
    with client.websocket_connect(f"{WS}?kind=run") as socket:
        heard(socket, lambda event: event["total"] == 1)
        for file in folder.glob("*"):
            if file.is_file():
                file.unlink()
        folder.joinpath("inner").mkdir()

        assert heard(socket, lambda event: bool(event.get("gone")))[-1]["total"] == 1


def test_page_of_another_site_is_told_nothing(client: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect), client.websocket_connect(WS, headers={"Origin": "http://evil.example"}):
        pass
