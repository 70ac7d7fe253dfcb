"""Live pictures over the WebSocket: bounded, shared, and only for our own pages."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import labs
import pytest
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect
from websockets.sync.client import connect

pytest.importorskip("av", reason="the lab's devices want virtualpytest[host]")

LAB = """
[devices.livebox2]
virtual = "stb"
[devices.deaf]
kind = "tv"
[devices.deaf.video]
source = "udp://127.0.0.1:9"
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Give a client of the dashboard."""
    with labs.client_of(tmp_path_factory.mktemp("lab"), LAB) as client:
        labs.device(client, "livebox2", "free")
        yield client


def connected(client: TestClient, origin: str = labs.HERE) -> WebSocketTestSession:
    """Return a connection of a page from *origin*."""
    return client.websocket_connect("/ws/lab", headers={"Origin": origin, "Host": "127.0.0.1"})


def message(page: WebSocketTestSession) -> dict[str, Any]:
    """Return the next message: states, or a picture's header with its JPEG."""
    got = page.receive()
    if got.get("text"):
        return dict(json.loads(got["text"]))
    data = got["bytes"]
    length = int.from_bytes(data[:4])
    return {**json.loads(data[4 : 4 + length]), "jpeg": data[4 + length :]}


def picture(page: WebSocketTestSession) -> dict[str, Any]:
    """Return the next picture."""
    while "device" not in (found := message(page)):
        pass
    return found


def test_page_gets_states_and_the_pictures_of_what_it_shows(client: TestClient) -> None:
    with connected(client) as page:
        page.send_json({"show": ["livebox2"], "size": "large"})
        first = picture(page)
        page.send_json({"got": "livebox2"})
        second = picture(page)

    assert (first["device"], first["width"], first["height"]) == ("livebox2", 1280, 720)
    assert first["jpeg"].startswith(b"\xff\xd8")
    assert second["captured"] > first["captured"]


def test_page_that_shows_no_picture_it_got_is_sent_no_other(client: TestClient) -> None:
    with connected(client) as slow:
        slow.send_json({"show": ["livebox2"], "size": "large"})
        first = picture(slow)
        with connected(client) as quick:
            quick.send_json({"show": ["livebox2"], "size": "large"})
            for _ in range(20):
                newest = picture(quick)
                quick.send_json({"got": "livebox2"})
        slow.send_json({"got": "livebox2"})
        second = picture(slow)

    assert second["captured"] >= newest["captured"] > first["captured"]


def test_hidden_page_costs_nothing(client: TestClient) -> None:
    feed = client.app.state.lab.bench().feeds.of("livebox2", "small")  # type: ignore[attr-defined]
    with connected(client) as page:
        page.send_json({"show": ["livebox2"], "size": "small"})
        picture(page)
        assert feed._thread is not None

        page.send_json({"show": [], "size": "small"})

        labs.until(lambda: feed._thread is None)


def test_page_that_goes_is_forgotten(client: TestClient) -> None:
    feed = client.app.state.lab.bench().feeds.of("livebox2", "large")  # type: ignore[attr-defined]
    with connected(client) as page:
        page.send_json({"show": ["livebox2"], "size": "large"})
        picture(page)

    labs.until(lambda: not feed._told and feed._thread is None)


def test_device_without_a_picture_says_why(client: TestClient) -> None:
    with connected(client) as page:
        page.send_json({"show": ["deaf"]})
        told = picture(page)

    assert told["jpeg"] == b""
    assert "no picture from udp://127.0.0.1:9" in told["why"]


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://127.0.0.1:9"])
def test_foreign_page_sees_nothing(client: TestClient, origin: str) -> None:
    with pytest.raises(WebSocketDisconnect), connected(client, origin):
        pass


@pytest.mark.parametrize("words", ["{", "[1]", '{"show": 7}', '"show"'])
def test_nonsense_ends_the_connection(client: TestClient, words: str) -> None:
    with connected(client) as page:
        page.send_text(words)
        while (last := page.receive())["type"] == "websocket.send":
            pass

    assert (last["type"], last["code"]) == ("websocket.close", 1003)


def test_ctrl_c_ends_a_dashboard_that_is_watched_quietly(tmp_path: Path) -> None:
    with (
        labs.process(tmp_path, LAB) as (process, address),
        connect(f"{address.replace('http', 'ws')}/ws/lab", origin=address) as page,
    ):
        page.send(json.dumps({"show": ["livebox2"], "size": "large"}))
        labs.until(lambda: isinstance(page.recv(60), bytes))
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)

    assert (process.returncode, output, errors) == (130, "", "")
