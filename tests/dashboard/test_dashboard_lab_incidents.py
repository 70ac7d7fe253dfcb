"""Incidents in the dashboard: `virtualpytest monitor` beside a virtual box, its host asked as by anybody who looks."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import labs
import pytest
from starlette.testclient import TestClient
from virtualpytest_host.incidents import Keeper
from virtualpytest_host.virtual.control import Box

from pytest_virtualpytest.incident import Incident

pytest.importorskip("av", reason="the lab's devices want virtualpytest[host]")

LAB = """
[devices.incbox]
virtual = "stb"
[devices.quiet]
kind = "account"
resources = ["account:incidents"]
[hosts.gone]
python = "/nowhere/python"
[devices.far]
kind = "tv"
host = "gone"
"""

Black = tuple[dict[str, Any], str, dict[str, Any]]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Give a client of a dashboard that only looks, over a box that is watched."""
    folder = tmp_path_factory.mktemp("lab")
    with labs.client_of(folder, LAB) as client, _monitor(folder / "lab.toml"):
        yield client


@contextlib.contextmanager
def _monitor(lab: Path) -> Iterator[None]:
    words = ["monitor", "incbox", "--lab", str(lab), "--black", "2", "--silent", "0"]
    command = [sys.executable, "-m", "pytest_virtualpytest.cli", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout
            assert "incbox: watched" in running.stdout.readline()
            yield
        finally:
            running.terminate()


def _told(client: TestClient, query: str = "") -> dict[str, Any]:
    """Return what is known of incidents once every host was asked."""

    def known() -> dict[str, Any] | None:
        told: dict[str, Any] = client.get(f"/api/incidents{query}").json()
        return None if told["asking"] else told

    found: dict[str, Any] = labs.until(known)
    return found


def _black(client: TestClient, state: str, since: float) -> dict[str, Any]:
    """Return the black picture of the box, as soon as it is in *state*."""

    def found() -> dict[str, Any] | None:
        told = _told(client, "?device=incbox&what=black")["incidents"]
        return next((one for one in told if one["state"] == state and one["begin"] > since), None)

    black: dict[str, Any] = labs.until(found)
    return black


@pytest.fixture(scope="module")
def black(client: TestClient) -> Black:
    """Give what was told of a black picture while it lasted, the device's page then, and what was told after it."""
    asked = time.time()
    Box("incbox").fault("black", seconds=8)
    during = _black(client, "open", asked - 1)
    return during, client.get("/lab/devices/incbox").text, _black(client, "over", asked - 1)


def test_api_incidents_tells_of_trouble_while_it_lasts_and_when_it_is_over(black: Black) -> None:
    during, page, after = black

    assert (during["device"], during["host"], during["end"]) == ("incbox", "local", None)
    assert "goes on" in page
    assert after["id"] == during["id"]
    assert after["end"] - after["begin"] == pytest.approx(8, abs=after["begin_error"] + after["end_error"] + 1)


def test_an_incident_has_its_picture(client: TestClient, black: Black) -> None:
    picture = client.get(f"/api/devices/incbox/incidents/{black[0]['id']}/picture")

    assert picture.headers["content-type"] == "image/png"
    assert picture.content.startswith(b"\x89PNG")


def test_what_is_watched_and_which_host_does_not_tell_is_said(client: TestClient) -> None:
    told = labs.until(lambda: (found := _told(client))["why"] and found)

    assert told["watched"] == ["incbox"]
    assert "/nowhere/python" in told["why"]["gone"]


def test_incidents_of_devices_of_other_labs_are_not_shown(client: TestClient) -> None:
    with Keeper("foreign") as foreign, Keeper("quiet") as ours:
        foreign.keep(Incident("1-black", "foreign", "black", time.time(), 0.5))
        ours.keep(Incident("1-lost", "quiet", "lost", time.time(), None, why="<b>no</b> cable", holder=labs.BEN))
        labs.until(lambda: _told(client, "?device=quiet")["incidents"])

        page = client.get("/lab/incidents").text

    assert "foreign" not in page
    assert "&lt;b&gt;no&lt;/b&gt; cable" in page
    assert "or earlier" in page
    assert "held by ben, run 4f6b, test_zap" in page


def test_the_page_shows_one_device_where_that_is_asked(client: TestClient, black: Black) -> None:
    address = f'href="/api/devices/incbox/incidents/{black[0]["id"]}/picture"'

    assert address in client.get("/lab/incidents?device=incbox&what=").text
    assert address not in client.get("/lab/incidents?device=quiet").text
    assert address not in client.get("/lab/incidents?what=lost").text


@pytest.mark.parametrize(
    ("address", "status", "words"),
    [
        ("/api/incidents?device=incbix", 404, "did you mean 'incbox'?"),
        ("/api/incidents?what=loud", 422, "what: 'loud' is none of black, frozen, silent, lost"),
        ("/api/devices/incbox/incidents/7-black/picture", 404, "no picture of incident '7-black' is kept"),
        ("/api/devices/incbox/incidents/..%2Flock/picture", 404, ""),
        ("/api/devices/far/incidents/7-black/picture", 502, "cannot run '/nowhere/python'"),
        ("/lab/incidents?device=incbix", 404, "did you mean"),
    ],
)
def test_what_cannot_be_is_told_in_words(client: TestClient, address: str, status: int, words: str) -> None:
    answer = client.get(address)

    assert answer.status_code == status
    assert words in answer.text
