"""What it costs to bring home what tests report on other hosts, and whether all of it comes.

    python benchmarks/onhosts.py [--json] [--rounds 5]

One suite, two ways, in turn: by two workers on this machine that write into the folder of results themselves
(`pytest -n 2`), and by two workers on a host behind a real ssh (`--vpt-on-hosts`). A test takes 10 ms and leaves
what a test with a device leaves: a result with steps; every tenth one two pictures and a clip, 1.5 MB, which is the
evidence of a failure. A time is from the first test's start until everything is written here. A file is lost if a
result names it and it is not here, whole; so is a test without a result.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent.parent / "tests"
sys.path.insert(0, str(TESTS))

import readable  # noqa: E402
import sshd  # noqa: E402

COUNT = 200
SUITE = """
import os
import time
import allure
import pytest

PICTURE, CLIP = os.urandom(250_000), os.urandom(1_000_000)

@pytest.mark.parametrize("number", range({count}))
def test_report(number):
    for step in range(3):
        with allure.step("press OK"):
            pass
    time.sleep(0.01)
    if number % 10 == 0:
        allure.attach(PICTURE, "last frame", allure.attachment_type.PNG)
        allure.attach(PICTURE, "annotated frame", allure.attachment_type.PNG)
        allure.attach(CLIP, "clip", allure.attachment_type.MP4)
"""
CLOCK = """
import json, os, time, pytest
begun = []

def pytest_runtest_logstart():
    if "PYTEST_XDIST_WORKER" not in os.environ:
        begun.append(time.monotonic())

@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish():
    if begun:
        with open("seconds", "w") as file:
            file.write(str(time.monotonic() - begun[0]))
"""
LAB = """
[hosts.rack]
gateway = "ssh={name}"
python = "{python}"
ssh_config = "{config}"
[devices.one]
host = "rack"
kind = "stb"
[devices.two]
host = "rack"
kind = "stb"
"""


def main() -> int:
    """Measure, print, and return 1 if a figure is not reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with suite() as folder:
        rows = [(seconds(folder, "-n", "2"), seconds(folder, "--vpt-on-hosts")) for _ in range(options.rounds)]
    records = figures(rows)
    for record in records:
        print(json.dumps(record) if options.json else _line(record))
    return int(any(record["want"] is not None and record["ours"] > record["want"] for record in records))


@contextlib.contextmanager
def suite() -> Iterator[Path]:
    """Give a folder with the suite, and a lab file that has a host behind ssh."""
    folder = Path(tempfile.mkdtemp(prefix="vpt-onhosts-"))
    environment = {"VPT_STATE": str(folder / "state")}
    try:
        with sshd.Sshd(folder / "sshd", environment=environment) as server:
            work = folder / "work"
            work.mkdir()
            (work / "test_report.py").write_text(SUITE.format(count=COUNT))
            (work / "conftest.py").write_text(CLOCK)
            (work / "pytest.ini").write_text("[pytest]\n")
            (work / "lab.toml").write_text(LAB.format(name=sshd.NAME, python=readable.own(), config=server.config))
            yield work
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def seconds(folder: Path, *options: str) -> tuple[float, int, float]:
    """Run the suite; return how long it took, the files lost, and the megabytes that came."""
    results = folder / "results"
    shutil.rmtree(results, ignore_errors=True)
    command = [sys.executable, "-m", "pytest", "-q", f"--alluredir={results}", *options]
    done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True, env=dict(os.environ))
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit code {done.returncode}\n{done.stdout[-3000:]}{done.stderr}")
    size = sum(path.stat().st_size for path in results.iterdir()) / 1e6
    return float((folder / "seconds").read_text()), lost(results), size


def lost(results: Path) -> int:
    """Return how many tests have no result here, and how many attachments are not here or not whole."""
    found = [json.loads(path.read_text()) for path in results.glob("*-result.json")]
    missing = COUNT - len(found)
    kept = [item for result in found for item in result.get("attachments", ())]
    missing += 3 * len(range(0, COUNT, 10)) - len(kept)
    sizes = {"clip": 1_000_000, "last frame": 250_000, "annotated frame": 250_000}
    for item in kept:
        path = results / item["source"]
        missing += not path.is_file() or path.stat().st_size != sizes[item["name"]]
    return missing + len(list(results.glob("*.tmp")))


def figures(rows: list[tuple[tuple[float, int, float], tuple[float, int, float]]]) -> list[dict[str, object]]:
    """Return the records of the figures."""
    local, home = (statistics.median(row[way][0] for row in rows) for way in (0, 1))
    ratio = statistics.median(there[0] / here[0] for here, there in rows)
    shared = {"unit": "s", "rival": round(local, 3), "megabytes": round(rows[0][1][2], 1)}
    return [
        {"figure": "allure-home-vs-local", "ours": round(ratio, 3), "unit": "", "want": 1.1},
        {"figure": "allure-home-s", "ours": round(home, 3), "want": None, **shared},
        {"figure": "allure-files-lost", "ours": max(there[1] for _, there in rows), "unit": "files", "want": 0},
    ]


def _line(record: dict[str, object]) -> str:
    wanted = f", of at most {record['want']}" if record["want"] is not None else ""
    rival = f", written locally {record['rival']} s, {record['megabytes']} MB" if "rival" in record else ""
    return f"{record['figure']:22} {record['ours']:>8} {record['unit']}{rival}{wanted}"


if __name__ == "__main__":
    sys.exit(main())
