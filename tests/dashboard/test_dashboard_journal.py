"""The run journal: tests without a result are lost, running or never run, and the page says which."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from browsing import Write, links, plain, run_page, shown_test
from starlette.testclient import TestClient
from virtualpytest_dashboard.folders import Folders
from virtualpytest_dashboard.journal import FILE
from virtualpytest_dashboard.results import Folder

from pytest_virtualpytest.models import Event, EventKind

START = 1_790_000_000.0


def _tell(folder: Path, kind: EventKind, test: str = "", **members: Any) -> None:
    event = Event(kind, members.pop("time", START), "run-1", test=test, **members)
    with (folder / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(event)) + "\n")


def _verdicts(folder: Path) -> dict[str, str]:
    return {row.name: row.verdict for row in Folder(folder, "night", "night").rows()}


@pytest.fixture
def planned(folder: Path, write: Write) -> Path:
    """Give a folder whose journal plans three tests, one of which has a result."""
    _tell(folder, "run")
    for name in ("test_zap", "test_power", "test_guide"):
        _tell(folder, "plan", f"tests/test_zap.py::{name}")
    _tell(folder, "start", "tests/test_zap.py::test_zap")
    _tell(folder, "verdict", "tests/test_zap.py::test_zap", data={"outcome": "passed"})
    write("test_zap")
    return folder


def test_test_that_runs_now_and_those_to_come_are_shown_while_the_run_goes_on(
    client: TestClient, planned: Path
) -> None:
    _tell(planned, "start", "tests/test_zap.py::test_power", device="stb1", host="rack1")

    page = run_page(client, "?follow=1")

    assert _verdicts(planned) == {"test_zap": "passed", "test_power": "running", "test_guide": "not run"}
    assert '<meta http-equiv="refresh" content="5">' in page
    assert "stb1 rack1" in plain(page)


def test_test_lost_with_its_worker_is_a_lab_fault_that_names_device_and_worker(
    client: TestClient, planned: Path
) -> None:
    _tell(planned, "start", "tests/test_zap.py::test_power", device="stb1", host="rack1", worker="gw1")
    _tell(planned, "loss", "tests/test_zap.py::test_power", worker="gw1")
    _tell(planned, "end", time=START + 60)

    page = plain(run_page(client))

    assert "1 of 3 tests to look at" in page
    assert "1 Lab" in page
    assert "lost while it ran on stb1 on rack1 (worker gw1)" in page
    assert "took 1 min 00 s" in page
    assert "lost while it ran" in plain(shown_test(client, "test_power"))


@pytest.mark.parametrize("when", ["before", "within"])
def test_lost_test_has_the_device_that_its_worker_held(client: TestClient, planned: Path, when: str) -> None:
    if when == "before":
        _tell(planned, "lease", "tests/test_zap.py", worker="gw1", device="stb1", host="rack1")
        _tell(planned, "lease", "tests/test_zap.py", worker="gw2", device="stb2", host="rack2")
    _tell(planned, "start", "tests/test_zap.py::test_power", worker="gw1")
    if when == "within":
        _tell(planned, "lease", "tests/test_zap.py::test_power", worker="gw1", device="stb1", host="rack1")
    _tell(planned, "loss", "tests/test_zap.py::test_power", worker="main")

    page = plain(run_page(client))

    assert "lost while it ran on stb1 on rack1 (worker gw1)" in page
    assert "stb2" not in page


def test_device_given_back_is_not_taken_for_that_of_the_next_test(planned: Path) -> None:
    _tell(planned, "lease", "tests/test_zap.py::test_zap", worker="gw1", device="stb1", host="rack1")
    _tell(planned, "release", "tests/test_zap.py::test_zap", worker="gw1", device="stb1", host="rack1")
    _tell(planned, "start", "tests/test_zap.py::test_power", worker="gw1")

    rows = {row.name: row.device for row in Folder(planned, "night", "night").rows()}

    assert rows["test_power"] == ""


def test_lost_test_that_is_run_again_is_running(planned: Path) -> None:
    for kind, worker in (("start", "gw1"), ("loss", "main"), ("start", "gw2")):
        _tell(planned, kind, "tests/test_zap.py::test_power", worker=worker)

    assert _verdicts(planned)["test_power"] == "running"


def test_figures_are_shown_against_their_limits_each_at_its_own_attempt(
    client: TestClient, folder: Path, write: Write
) -> None:
    zap = {"name": "zap", "value": 2.71, "unit": "s", "error": 0.02, "minimum": None, "maximum": 2.5, "note": "late"}
    level = {"name": "level", "value": -23.5, "unit": "dBFS", "error": 0.0, "minimum": -30, "maximum": None}
    _tell(folder, "run", time=START - 1)
    for measurements in ([zap, {"name": "odd", "value": None}, None], [level]):
        write(status="failed")
        number = len(list(folder.glob("*-result.json"))) - 1
        data = {"outcome": "failed", "measurements": measurements}
        _tell(folder, "verdict", "tests/test_zap.py::test_zap", time=START + 10 * number + 2, data=data)
    newest = links(run_page(client), "/tests/uuid-1")[0]

    first, second = plain(client.get(newest.replace("uuid-1", "uuid-0")).text), plain(client.get(newest).text)

    assert "zap 2.71 s ± 0.02 s ✕ outside at most 2.5 s late" in first
    assert "odd" not in first
    assert "level -23.5 dBFS at least -30 dBFS" in second
    assert "zap 2.71" not in second


def test_run_whose_process_died_says_so(client: TestClient, planned: Path) -> None:
    _tell(planned, "start", "tests/test_zap.py::test_power")
    for path in planned.iterdir():
        os.utime(path, (START, START))

    page = plain(run_page(client))

    assert "stopped without ending" in page
    assert _verdicts(planned) == {"test_zap": "passed", "test_power": "lost", "test_guide": "not run"}


def test_run_that_ended_is_not_followed(client: TestClient, planned: Path) -> None:
    _tell(planned, "end", time=START + 60)

    page = run_page(client, "?follow=1")

    assert "http-equiv" not in page
    assert "running" not in page


def test_run_that_ended_without_a_test_says_so(client: TestClient, folder: Path) -> None:
    _tell(folder, "run")
    assert "No test has ended yet." in run_page(client)

    _tell(folder, "end", time=START + 1)

    assert "No test was run." in run_page(client)


def test_result_of_an_earlier_run_does_not_hide_a_loss(folder: Path, write: Write) -> None:
    write("test_zap")
    write("test_power")
    _tell(folder, "run", time=START + 1000)
    _tell(folder, "plan", data={"tests": ["tests/test_zap.py::test_zap", "tests/test_zap.py::test_power"]})
    _tell(folder, "start", "tests/test_zap.py::test_zap", time=START + 1001)
    _tell(folder, "loss", "tests/test_zap.py::test_zap", time=START + 1002)

    found = [(row.name, row.verdict) for row in Folder(folder, "night", "night").rows()]

    assert found == [("test_zap", "lost"), ("test_zap", "passed"), ("test_power", "passed")]


def test_last_run_in_a_journal_counts_and_half_a_line_does_no_harm(planned: Path) -> None:
    _tell(planned, "run", time=START + 100)
    _tell(planned, "plan", data={"tests": ["tests/test_zap.py::TestGuide::test_open[a-1]"]})
    _tell(planned, "end", time=START + 160)
    with (planned / FILE).open("a", encoding="utf-8") as file:
        file.write('[]\n{"kind": 7}\n{"kind": "verd')

    found = Folder(planned, "night", "night")
    run = found.run()

    assert {row.name: row.full_name for row in found.rows() if row.verdict == "not run"} == {
        "test_open[a-1]": "tests.test_zap.TestGuide#test_open"
    }
    assert run.duration == 60_000


def test_page_follows_a_journal_that_grows_in_the_middle_of_a_line(planned: Path) -> None:
    run = Folder(planned, "night", "night")
    assert {row.verdict for row in run.rows()} == {"passed", "not run"}
    whole = json.dumps(asdict(Event("start", START, "run-1", test="tests/test_zap.py::test_power"))) + "\n"
    for piece in (whole[:30], whole[30:]):
        with (planned / FILE).open("a", encoding="utf-8") as file:
            file.write(piece)
        found = {row.name: row.verdict for row in run.rows()}

    assert found == {"test_zap": "passed", "test_power": "running", "test_guide": "not run"}


def test_journal_of_a_new_run_in_its_place_is_read_from_its_beginning(planned: Path) -> None:
    run = Folder(planned, "night", "night")
    assert len(run.rows()) == 3
    (planned / FILE).unlink()
    _tell(planned, "run")
    _tell(planned, "plan", "tests/test_zap.py::test_other")

    assert {row.name: row.verdict for row in run.rows()} == {"test_zap": "passed", "test_other": "not run"}


def test_two_dashboards_on_one_store_tell_the_same_of_a_run_that_goes_on(planned: Path) -> None:
    one, other = (Folders([planned]).all()[0] for _ in range(2))
    for name in ("test_power", "test_guide"):
        _tell(planned, "start", f"tests/test_zap.py::{name}", device=name)
        found = [{row.name: (row.verdict, row.device) for row in run.rows()} for run in (one, other)]
        assert found[0] == found[1]
        _tell(planned, "loss", f"tests/test_zap.py::{name}")
        lost = [{row.name: row.verdict for row in run.rows()} for run in (other, one)]
        assert lost[0] == lost[1]

    assert lost[0] == {"test_zap": "passed", "test_power": "lost", "test_guide": "lost"}
