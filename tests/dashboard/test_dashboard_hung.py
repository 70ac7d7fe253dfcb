"""Tests that hang, and runs that stand still: each is told as what it is, with the device and since when."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from browsing import plain, run_page, shown_test
from starlette.testclient import TestClient
from virtualpytest_dashboard.journal import FILE
from virtualpytest_dashboard.results import Folder

from pytest_virtualpytest import process
from pytest_virtualpytest.models import Event, EventKind

TEST = "tests/test_zap.py::test_zap"


def tell(folder: Path, kind: EventKind, test: str = "", ago: float = 0.0, **members: Any) -> None:
    """Note an event of a run in *folder*, so many seconds *ago*."""
    event = Event(kind, time.time() - ago, "run-1", "gw0", test, **members)
    with (folder / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(event)) + "\n")


def verdict(folder: Path) -> str:
    """Return that of the one test in *folder*."""
    [row] = Folder(folder, "night", "night").rows()
    return row.verdict


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """Give a process that stands for a run."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as running:
        yield running
        running.kill()


def known(running: subprocess.Popen[bytes]) -> dict[str, Any]:
    """Return by what a run says that *running* is its process."""
    return {"process": {"pid": running.pid, "start": process.status(running.pid)[1], "where": process.here()}}


def test_test_past_its_deadline_hangs_and_says_where_and_since_when(client: TestClient, folder: Path) -> None:
    tell(folder, "run", ago=100)
    tell(folder, "lease", ago=99, device="stb1", host="rack1")
    tell(folder, "start", TEST, ago=95, data={"deadline": 60})
    tell(folder, "start", "tests/test_zap.py::test_other", ago=5, data={"deadline": 60})

    page = plain(run_page(client))
    since = time.strftime("%Y-%m-%d %H:%M", time.localtime(time.time() - 35))

    assert "1 hung" in page
    assert "1 running" in page
    assert f"hangs on stb1 since {since}" in page
    assert "past its deadline of 60 s" in plain(shown_test(client, "test_zap"))


def test_test_within_its_deadline_and_what_its_evidence_takes_is_running(folder: Path) -> None:
    tell(folder, "run", ago=100)
    tell(folder, "start", TEST, ago=65, data={"deadline": 60})

    assert verdict(folder) == "running"


def test_test_that_goes_over_to_hanging_is_told_without_a_change_of_any_file(folder: Path) -> None:
    tell(folder, "run", ago=100)
    tell(folder, "start", TEST, ago=78, data={"deadline": 60})
    run = Folder(folder, "night", "night")
    before = run.run()

    while run.run().counts == {"running": 1}:
        time.sleep(0.1)

    assert run.run().counts == {"hung": 1}
    assert run.run().version > before.version


def test_test_whose_worker_was_ended_for_its_silence_hung_by_the_lab(client: TestClient, folder: Path) -> None:
    tell(folder, "run", ago=100)
    tell(folder, "start", TEST, ago=95, device="stb1", host="rack1")
    lost = {"message": "worker 'gw0' was ended: nothing was heard from it for 12 s", "hung": 1.0, "cause": "lab"}
    tell(folder, "loss", TEST, data=lost)

    page = plain(run_page(client))

    assert "1 hung" in page
    assert "1 Lab" in page
    assert "nothing was heard from it for 12 s" in page


@pytest.mark.parametrize(("ended", "expected"), [("hung", "hung"), ("otherwise", "broken")])
def test_result_of_a_test_that_hung_says_so(client: TestClient, folder: Path, ended: str, expected: str) -> None:
    labels = [{"name": "ended", "value": ended}, {"name": "cause", "value": "test"}]
    named = {"name": "test_zap", "uuid": "u", "historyId": "h"}
    result = {**named, "status": "broken", "start": 1, "stop": 2, "labels": labels}
    (folder / "u-result.json").write_text(json.dumps(result), encoding="utf-8")

    assert f"1 {expected}" in plain(run_page(client))
    [row] = Folder(folder, "night", "night").rows()
    assert (row.verdict, row.cause) == (expected, "test")


def test_run_whose_process_is_stopped_says_so_and_how_it_goes_on(
    client: TestClient, folder: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    tell(folder, "run", data=known(sleeper))
    tell(folder, "start", TEST, device="stb1", host="rack1", data={"deadline": 600})
    assert verdict(folder) == "running"

    os.kill(sleeper.pid, signal.SIGSTOP)
    while process.status(sleeper.pid)[0] != "T":
        time.sleep(0.01)

    page = plain(run_page(client))
    assert f"Its process {sleeper.pid} on this machine is stopped" in page
    assert f"kill -CONT {sleeper.pid}" in page
    assert "nothing is heard of it" in page


def test_run_whose_process_is_gone_is_over_at_once(folder: Path, sleeper: subprocess.Popen[bytes]) -> None:
    tell(folder, "run", data=known(sleeper))
    tell(folder, "start", TEST)
    sleeper.kill()
    sleeper.wait()

    assert verdict(folder) == "lost"
    assert not Folder(folder, "night", "night").run().live


@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_run_that_is_silent_lives_where_its_process_does(
    client: TestClient, folder: Path, sleeper: subprocess.Popen[bytes], where: str
) -> None:
    said = known(sleeper)
    if where == "elsewhere":
        said["process"]["where"] = "another boot"
    tell(folder, "run", ago=5000, data=said)
    tell(folder, "start", TEST, ago=4900)
    os.utime(folder / FILE, (time.time() - 4900,) * 2)

    page = plain(run_page(client))

    silent = f"Its process {sleeper.pid} is there on this machine, but nothing is new since"
    assert (silent in page) == (where == "here")
    assert verdict(folder) == ("running" if where == "here" else "lost")


@pytest.mark.parametrize("said", [{}, {"process": 7}, {"process": {"pid": "1"}}, {"process": {"pid": 1, "start": 2}}])
def test_journal_that_says_nonsense_of_its_process_is_taken_for_one_without(folder: Path, said: dict[str, Any]) -> None:
    tell(folder, "run", data=said)
    tell(folder, "start", TEST, data={"deadline": "soon"})

    assert verdict(folder) == "running"
