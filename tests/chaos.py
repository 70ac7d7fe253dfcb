"""Runs of pytest whose processes are killed and stopped at random, and what must hold all the same."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench import INSTALLED

SUITE = """
import pytest

@pytest.mark.parametrize("n", range({count}))
def test_one(dut, n):
    for _ in range(3):
        dut.remote.press("USE")

@pytest.mark.devices(left={{"kind": "stb"}}, right={{"kind": "tv"}})
@pytest.mark.parametrize("n", range({pairs}))
def test_pair(devices, n):
    devices.left.remote.press("USE")
    devices.right.remote.press("USE")
"""


@dataclass
class Run:
    """One run of pytest on four workers, with its results in *folder*."""

    folder: Path
    process: subprocess.Popen[bytes]

    def events(self, kind: str) -> list[dict[str, object]]:
        """Return the events of *kind* in the run's journal."""
        lines = (self.folder / "results" / "virtualpytest-run.jsonl").read_text().splitlines()
        return [event for event in map(json.loads, lines) if event["kind"] == kind]

    def reported(self) -> Counter[str]:
        """Return how often each test was reported."""
        told = [event for kind in ("verdict", "loss") for event in self.events(kind)]
        return Counter(str(event["test"]) for event in told if event["test"])

    def planned(self) -> list[str]:
        """Return the tests that were to run."""
        [plan] = self.events("plan")[:1]
        return list(plan["data"]["tests"])  # type: ignore[index]


def start(folder: Path, lab: Path, count: int, pairs: int) -> Run:
    """Start a run in *folder*."""
    folder.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_chaos.py").write_text(SUITE.format(count=count, pairs=pairs))
    command = [sys.executable, "-m", "pytest", "-q", "-n", "4", "--vpt-lab", str(lab), "--alluredir=results"]
    command += ["--vpt-evidence=never", "--max-worker-restart=1000", "-p", "no:cacheprovider"]
    with (folder / "output").open("wb") as output:
        process = subprocess.Popen(
            command, cwd=folder, stdout=output, stderr=output, start_new_session=True,
            env=os.environ | {"PYTHONPATH": str(INSTALLED)},
        )  # fmt: skip
    return Run(folder, process)


@dataclass
class Gremlin(threading.Thread):
    """Kills or stops a process of the *runs*, or of *others*, every now and then; *done* says what it did."""

    runs: list[Run]
    others: list[int]
    diary: Path
    seed: int
    most: int
    done: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)
        self._chance = random.Random(self.seed)
        self._over = threading.Event()
        self._stopped: list[int] = []

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        """Go on until the runs are over, from when the first device is used."""
        while not (self._over.wait(0.05) or (self.diary.exists() and "USE" in self.diary.read_text())):
            pass
        while len(self.done) < self.most and not self._over.wait(self._chance.uniform(0.2, 1.0)):
            victims = [pid for run in self.runs for pid in below(run.process.pid)]
            victims += [pid for other in self.others for pid in below(other)]
            if victims:
                self._strike(self._chance.choice(sorted(victims)))

    def stop(self) -> None:
        """Leave everything alone from now on; what was stopped and still is goes on, as a machine that is back."""
        self._over.set()
        self.join(5)
        for pid in self._stopped:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGCONT)

    def _strike(self, pid: int) -> None:
        number = self._chance.choice([signal.SIGKILL, signal.SIGKILL, signal.SIGKILL, signal.SIGSTOP])
        name = command_of(pid)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
            self._stopped += [pid] if number == signal.SIGSTOP else []
            self.done.append(f"{signal.Signals(number).name} {name}")


def below(pid: int) -> Iterator[int]:
    """Yield the descendants of process *pid*."""
    for child in _children(pid):
        yield child
        yield from below(child)


def command_of(pid: int) -> str:
    """Return what process *pid* is."""
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
        return next((word for word in words if word.startswith(("virtualpytest", "sshd", "ssh"))), "worker or agent")
    return "gone"


def wait(runs: list[Run], seconds: float) -> None:
    """Wait for all *runs* to end."""
    end = time.monotonic() + seconds
    for run in runs:
        run.process.wait(max(1.0, end - time.monotonic()))


def _children(pid: int) -> list[int]:
    with contextlib.suppress(OSError):
        tasks = Path(f"/proc/{pid}/task").iterdir()
        return [int(word) for task in tasks for word in (task / "children").read_text().split()]
    return []
