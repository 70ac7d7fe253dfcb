"""How long a run stands still when a host hangs: all its processes are stopped, as on a machine that is out of memory.

    python benchmarks/hung.py [--json] [--rounds 3]

Two workers, a device here and one behind ssh. In the middle of the run every process behind the ssh server is stopped;
the figure is the time until the worker that used it begins another test. The worst round counts.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parent.parent / "tests"
sys.path.insert(0, str(TESTS))

import chaos  # noqa: E402
import sshd  # noqa: E402

WANT = 15.0
SUITE = """
import time, pytest
@pytest.mark.parametrize("number", range(400))
def test_press(stb, number):
    stb.remote.press("OK")
    time.sleep(0.1)
"""
LAB = """
[hosts.far]
gateway = "ssh={name}"
ssh_config = "{config}"
python = "{python}"
[devices.here]
kind = "stb"
[devices.here.rack]
name = "here"
[devices.there]
kind = "stb"
host = "far"
[devices.there.rack]
name = "there"
"""


def main() -> int:
    """Measure, print, and return 1 if the figure is not reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    took = [stands_still() for _ in range(options.rounds)]
    record = {
        "figure": "hung-host-s", "ours": round(statistics.median(took), 2), "rival": None, "ratio": None, "unit": "s",
        "want": WANT, "worst": round(max(took), 2),
    }  # fmt: skip
    line = "{figure}: {ours} {unit} in the median, worst {worst} {unit}, of at most {want} {unit}"
    print(json.dumps(record) if options.json else line.format(**record))
    return int(max(took) > WANT)


def stands_still() -> float:
    """Return the seconds from the stop until the worker goes on."""
    folder = Path(tempfile.mkdtemp(prefix="vpt-hung-"))
    words = {"PYTHONPATH": str(TESTS / "installed"), "VPT_STATE": str(folder / "state")}
    try:
        with sshd.Sshd(folder / "sshd") as server:
            python = " ".join(["env", *(f"{name}={value}" for name, value in words.items()), sys.executable])
            (folder / "lab.toml").write_text(LAB.format(name=sshd.NAME, config=server.config, python=python))
            (folder / "test_hung.py").write_text(SUITE)
            (folder / "pytest.ini").write_text("[pytest]\n")
            command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "--alluredir=results"]
            command += ["--vpt-evidence=never", "-p", "no:cacheprovider"]
            quiet = subprocess.DEVNULL
            with subprocess.Popen(command, cwd=folder, env=os.environ | words, stdout=quiet, stderr=quiet) as run:
                try:
                    return measured(folder / "results" / "virtualpytest-run.jsonl", server)
                finally:
                    run.terminate()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measured(journal: Path, server: sshd.Sshd) -> float:
    """Stop the host once it is in use; return how long its worker then stands still."""
    worker = await_event(journal, lambda event: event["kind"] == "release" and event["device"] == "there")["worker"]
    victims = list(chaos.below(server.pid))
    for pid in victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
    stopped = time.time()
    try:
        mine = lambda event: event["worker"] == worker and event["kind"] == "start"  # noqa: E731
        return float(await_event(journal, lambda one: mine(one) and one["time"] > stopped + 0.5)["time"]) - stopped
    finally:
        for pid in victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def await_event(journal: Path, wanted: Any, seconds: float = 60.0) -> dict[str, Any]:
    """Return the first event in *journal* that is *wanted*."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        lines = journal.read_text().splitlines() if journal.exists() else []
        for event in (json.loads(line) for line in lines if line.endswith("}")):
            if wanted(event):
                return dict(event)
        time.sleep(0.05)
    raise RuntimeError(f"not within {seconds:g} s")


if __name__ == "__main__":
    sys.exit(main())
