"""The record of a device: its last tests, how many failed, by whose fault, and with which firmware."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import labs
import pytest
from browsing import Write, links, plain
from starlette.testclient import TestClient
from virtualpytest_dashboard.folders import Folders
from virtualpytest_dashboard.journal import FILE
from virtualpytest_dashboard.store import devices
from virtualpytest_dashboard.store.devices import Ran

from pytest_virtualpytest.models import Event, EventKind

BOTH_STORES = "soak"
LAB = "".join(f'[devices.{name}]\nkind = "account"\nresources = ["account:{name}"]\n' for name in ("seat", "sofa"))


def on(device: str, firmware: str = "", host: str = "rack1") -> list[dict[str, str]]:
    """Return the labels of a result of *device*."""
    found = {"device": device, "host": host, "firmware": firmware}
    return [{"name": name, "value": part} for name, value in found.items() for part in value.split(",") if part]


def told(client: TestClient, *names: str, at_most: int = 500) -> dict[str, list[Ran]]:
    """Return what the store says of the devices *names*, in all runs."""
    folders: Folders = client.app.state.folders  # type: ignore[attr-defined]
    runs = [folder.number for folder in folders.all() if folder.run()]
    return folders.ask(lambda connection: devices.ran(connection, runs, names, at_most))


def test_tests_of_a_device_are_told_the_newest_first(client: TestClient, write: Write) -> None:
    write("test_a", labels=on("seat", "24.0.5"))
    write("test_b", "failed", labels=on("sofa", "9.1"))
    write("test_c", labels=on("seat", "24.0.6"))

    found = told(client, "seat", "sofa", "none")

    assert [(one.name, one.firmware) for one in found["seat"]] == [("test_c", "24.0.6"), ("test_a", "24.0.5")]
    assert [(one.name, one.verdict) for one in found["sofa"]] == [("test_b", "failed")]
    assert found["none"] == []
    assert [one.name for one in told(client, "seat", at_most=1)["seat"]] == ["test_c"]


def test_test_of_several_devices_is_of_each_and_tells_the_firmware_of_none(client: TestClient, write: Write) -> None:
    write("test_a", labels=on("seat,sofa,sofabed", "1.0"))
    write("test_b", labels=on("sofa"))

    found = told(client, "seat", "sofa", "sof")

    assert [one.name for one in found["seat"]] == ["test_a"]
    assert [one.name for one in found["sofa"]] == ["test_b", "test_a"]
    assert found["sof"] == []
    assert found["seat"][0].firmware == ""


def test_attempt_that_counts_is_told_alone(client: TestClient, write: Write) -> None:
    for status in ("failed", "passed"):
        write("test_a", status, labels=on("seat"), testCaseId="t")

    assert [(one.verdict, one.attempt) for one in told(client, "seat")["seat"]] == [("passed", 2)]


def test_runs_that_are_not_asked_for_are_not_told(client: TestClient, write: Write) -> None:
    write("test_a", labels=on("seat"))
    folders: Folders = client.app.state.folders  # type: ignore[attr-defined]
    folders.all()[0].run()

    assert folders.ask(lambda connection: devices.ran(connection, [], ["seat"], 9)) == {"seat": []}


@pytest.fixture
def lab(folder: Path, write: Write) -> Iterator[TestClient]:
    """Give a client of a dashboard with a lab, over results of its devices."""
    for number in range(40):
        lab_fault = {"message": "LabFault: device 'seat' was lost"} if number == 39 else {}
        status = "broken" if number == 39 else "failed" if number % 4 == 0 else "passed"
        labels = [*on("seat", f"24.{number}"), *([{"name": "cause", "value": "lab"}] if lab_fault else [])]
        write(f"test_{number}", status, labels=labels, statusDetails=lab_fault)
    write("test_never", "skipped", labels=on("seat"))
    with labs.client_of(folder, LAB) as client:
        client.get("/")
        yield client


def test_page_of_a_device_tells_its_record_and_leads_to_its_tests(lab: TestClient) -> None:
    page = lab.get("/lab/devices/seat").text

    assert "11 of its last 40 tests failed (28 %), 1 by a fault of the lab." in plain(page)
    assert "firmware 24.39" in plain(page)
    leads = links(page.partition('class="strip"')[2].partition("</span></a></span>")[0], "/tests/")
    assert len(leads) == 30
    assert "test_never" in lab.get(leads[0]).text
    assert "test_39" in lab.get(leads[1]).text
    assert "No test of it is in the runs that were read." in plain(lab.get("/lab/devices/sofa").text)


def test_wall_tells_the_figure_and_the_firmware(lab: TestClient) -> None:
    wall = plain(lab.get("/lab").text)

    assert wall.count("11 of its last 40 tests failed (28 %), 1 by a fault of the lab firmware 24.39") == 1


def test_api_device_history_is_the_same_for_programs(lab: TestClient) -> None:
    told = lab.get("/api/devices/seat/history").json()

    assert {word: told[word] for word in ("device", "runs", "tests", "failed", "lab", "firmware")} == {
        "device": "seat", "runs": 1, "tests": 40, "failed": 11, "lab": 1, "firmware": "24.39",
    }  # fmt: skip
    assert told["rate"] == 11 / 40
    assert lab.get(told["last"][1]["url"]).status_code == 200
    assert [one["verdict"] for one in told["last"][:3]] == ["skipped", "broken", "passed"]
    assert lab.get("/api/devices/sofas/history").status_code == 404


def test_device_that_a_run_uses_no_more_is_quarantined_while_it_goes_on(lab: TestClient, folder: Path) -> None:
    def note(kind: EventKind, **members: Any) -> None:
        with (folder / FILE).open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(Event(kind, time.time(), "run-1", **members))) + "\n")

    note("run")
    note("quarantine", device="seat", data={"why": "not ready: home.png not seen"})
    words = "quarantined run night: not ready: home.png not seen"
    shown = [words in plain(lab.get(path).text) for path in ("/lab", "/lab/devices/seat", "/lab/devices/sofa")]
    note("end", data={"exit": 0})

    assert shown == [True, True, False]
    assert "quarantined" not in lab.get("/lab").text
