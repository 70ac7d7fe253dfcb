"""A dashboard that is killed while it reads a growing folder is there again at once, and nothing is lost or twice."""

from __future__ import annotations

import contextlib
import os
import random
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from virtualpytest_dashboard.folders import Folders

SOON = 2.0  # seconds from its start until a killed dashboard answers again
_TICKS = os.sysconf("SC_CLK_TCK")
THERE = 1500  # results before the first start
WRITER = """
import json, os, sys, time
folder, first, lost = sys.argv[1], int(sys.argv[2]), 0
journal = open(os.path.join(folder, "virtualpytest-run.jsonl"), "a")
def note(kind, number, **data):
    test = f"tests/test_zap.py::test_zap[{number}]"
    journal.write(json.dumps({"kind": kind, "time": time.time(), "worker": "gw0", "test": test, "data": data}) + "\\n")
    journal.flush()
def write(number):
    note("start", number)
    if number % 50 == 0:
        note("loss", number)  # its worker died: no result
        return
    now = round(time.time() * 1000)
    result = {"name": f"test_zap[{number}]", "status": "failed" if number % 7 == 0 else "passed", "uuid": f"u{number}",
              "historyId": f"h{number}", "fullName": "tests.test_zap#test_zap", "start": now, "stop": now + 1}
    path = os.path.join(folder, f"{number:06d}-result.json")
    with open(path + ".tmp", "w") as file: json.dump(result, file)
    os.rename(path + ".tmp", path)
    note("verdict", number, outcome=result["status"], measurements=[{"name": "zap", "value": number, "unit": "s"}])
number = 0
journal.write(json.dumps({"kind": "run", "time": time.time()}) + "\\n")
while number < first:
    write(number := number + 1)
print("written", flush=True)
while not os.path.exists(os.path.join(folder, "stop")):
    write(number := number + 1)
    time.sleep(0.004)
journal.write(json.dumps({"kind": "end", "time": time.time()}) + "\\n")
print(number, flush=True)
"""


@contextlib.contextmanager
def _writer(folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", WRITER, str(folder), str(THERE)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        try:
            assert writer.stdout
            assert writer.stdout.readline() == "written\n"
            yield writer
        finally:
            writer.kill()


@contextlib.contextmanager
def _dashboard(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Give a dashboard that is killed in the end, whatever it is at."""
    words = ["dashboard", str(folder), "--port", "0"]
    command = [sys.executable, "-m", "pytest_virtualpytest.cli", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _answers(process: subprocess.Popen[str]) -> str:
    """Return the address of *process* once it has answered."""
    assert process.stdout
    address = process.stdout.readline().strip()
    with urllib.request.urlopen(f"{address}healthz", timeout=30) as answer:
        assert answer.status == 200
    return address


def _work(pid: int) -> float:
    """Return the seconds that process *pid* has worked, which is what it takes on a machine that does nothing else."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _kill(folder: Path, run: str, chance: random.Random) -> tuple[float, float]:
    """Start a dashboard, have it read, kill it at some moment; return when it answered, and its work until then."""
    began = time.monotonic()
    with _dashboard(folder) as process:
        address = _answers(process)
        took = time.monotonic() - began, _work(process.pid)
        end = time.monotonic() + chance.uniform(0, 0.4)
        while (rest := end - time.monotonic()) > 0:
            with contextlib.suppress(TimeoutError):
                urllib.request.urlopen(f"{address}runs/{run}", timeout=rest).close()
    return took


def _kill_blindly(folder: Path, chance: random.Random) -> None:
    with _dashboard(folder) as process, contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(chance.uniform(0.3, 1.2))


def _killed(folder: Path, times: int) -> list[tuple[float, float]]:
    """Kill dashboards over *folder* at random moments, and check that it has all in the end; return their starts."""
    chance = random.Random(5)
    folders = Folders([folder])
    run = folders.all()[0].name
    folders.close()
    with _writer(folder) as writer:
        starts = []
        for number in range(times):
            if number % 3 == 2:
                _kill_blindly(folder, chance)
            starts.append(_kill(folder, run, chance))
        (folder / "stop").touch()
        assert writer.stdout
        count = int(writer.stdout.readline())
    _check(folder, count)
    return starts


def _check(folder: Path, count: int) -> None:
    folders = Folders([folder])
    with contextlib.closing(folders):
        run = folders.all()[0]
        rows = run.rows()
        attempts = [attempt.id for row in rows for attempt in (row, *row.earlier)]
        numbers = range(1, count + 1)
        wanted = {f"test_zap[{number}]": "lost" if number % 50 == 0 else "failed" if number % 7 == 0 else "passed"
                  for number in numbers}  # fmt: skip
        figures = folders.ask(lambda connection: connection.exec_driver_sql("SELECT value FROM figure").scalars().all())
    assert {row.name: row.verdict for row in rows} == wanted
    assert len(attempts) == len(set(attempts)) == count
    assert sorted(figures) == [number for number in numbers if number % 50]
    assert not run.run().unreadable


@pytest.fixture
def night(tmp_path: Path) -> Path:
    """Give a folder in which a run has begun."""
    folder = tmp_path / "night"
    folder.mkdir()
    (folder / "virtualpytest-run.jsonl").touch()
    return folder


@pytest.mark.soak
def test_dashboard_that_is_killed_six_times_has_everything_once(night: Path) -> None:
    starts = _killed(night, 6)

    assert statistics.median(work for _, work in starts) < SOON, starts


@pytest.mark.soak
def test_dashboard_that_is_killed_thirty_times_is_there_again_within_two_seconds(night: Path) -> None:
    starts = _killed(night, 30)

    assert statistics.median(took for took, _ in starts) < SOON, starts
