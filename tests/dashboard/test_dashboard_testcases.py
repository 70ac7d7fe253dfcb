"""The test cases of campaigns: collected apart from the dashboard, with their last verdicts."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import labs
import pytest
from browsing import plain
from starlette.testclient import TestClient

LAB = """
[devices.seat1]
kind = "account"
[devices.seat2]
kind = "account"
tags = ["uhd"]
[campaigns.night]
tests = ["tests"]
"""
SUITE = """
import pytest
@pytest.mark.slow
@pytest.mark.device(tags=["uhd"])
def test_zap(dut): pass

def test_none(): pass
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the folder of a lab file, with tests, and results of one of them on two devices."""
    folder = tmp_path_factory.mktemp("cases")
    (folder / "tests").mkdir()
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = slow\n")
    (folder / "tests" / "test_zap.py").write_text(SUITE)
    for run, (device, status) in enumerate([("seat1", "passed"), ("seat2", "failed"), ("seat2", "passed")]):
        (folder / "runs" / str(run)).mkdir(parents=True)
        result = {
            "name": "test_zap", "fullName": "tests.test_zap#test_zap", "uuid": f"u{run}", "historyId": "h",
            "status": status, "start": 1000 * run, "stop": 1000 * run + 1,
            "labels": [{"name": "device", "value": device}],
        }  # fmt: skip
        (folder / "runs" / str(run) / f"{run}-result.json").write_text(json.dumps(result))
    return folder


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[TestClient]:
    """Give a client of a dashboard that has read all runs."""
    with labs.client_of(folder, LAB) as client:
        for run in client.app.state.folders.all():  # type: ignore[attr-defined]
            run.run()
        yield client


def asked(client: TestClient, query: str = "") -> Any:
    return client.get(f"/api/testcases{query}").json()


def test_each_test_has_its_source_markers_devices_and_last_verdicts(client: TestClient) -> None:
    first = plain(client.get("/lab/testcases").text)
    zap, none = asked(client)["testcases"]

    assert "collecting night" in first
    assert (zap["test"], zap["file"], zap["line"]) == ("tests/test_zap.py::test_zap", "tests/test_zap.py", 3)
    assert (zap["markers"], zap["devices"]) == (["device", "slow"], {"dut": ["seat2"]})
    assert {device: one["verdict"] for device, one in zap["verdicts"].items()} == {"seat1": "passed", "seat2": "passed"}
    assert client.get(zap["verdicts"]["seat2"]["test"]).status_code == 200
    assert (none["devices"], none["verdicts"]) == ({}, {})
    page = plain(client.get("/lab/testcases").text)
    assert "test_zap tests/test_zap.py:3 device, slow dut: seat2 ✓ passed on seat1 , ✓ passed on seat2" in page
    assert "test_zap" not in sys.modules

    assert [case["test"] for case in asked(client, "?q=NONE")["testcases"]] == ["tests/test_zap.py::test_none"]
    assert [case["test"] for case in asked(client, "?marker=slow")["testcases"]] == [zap["test"]]
    assert asked(client, "?campaign=day")["testcases"] == []


def test_they_are_collected_again_when_a_file_has_changed_and_errors_are_shown(
    client: TestClient, folder: Path
) -> None:
    asked(client)
    [kept] = folder.glob("allure-results/night/.virtualpytest/*.cases")
    before = kept.stat()
    assert len(asked(client)["testcases"]) == 2
    assert kept.stat() == before

    (folder / "tests" / "test_broken.py").write_text("import no_such_module\n")
    os.utime(folder / "tests" / "test_broken.py", ns=(1, 1))  # new, whatever its time
    told = asked(client)
    assert len(told["testcases"]) == 2
    assert told["errors"]["night"] == ["tests/test_broken.py: ModuleNotFoundError: No module named 'no_such_module'"]
    assert "No module named &#39;no_such_module&#39;" in client.get("/lab/testcases").text
