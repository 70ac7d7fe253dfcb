"""What a lease costs a test, and how soon a killed holder's device is held by the next in line.

    python benchmarks/lease.py [--json] [--rounds 5]

A lease is what a fixture does: see that the device is attached, lock, release. The ssh server is a private one,
with throwaway keys, for this account. For the third figure a process that holds the device is killed while
another client waits for it, twenty times: the worst counts.
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
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parent.parent / "tests"
sys.path.insert(0, str(TESTS))

import sshd  # noqa: E402

from pytest_virtualpytest import config  # noqa: E402
from pytest_virtualpytest.lab import Lab  # noqa: E402

LEASES, KILLS = 300, 20
LAB = """
[hosts.ssh]
gateway = "ssh={name}"
python = "{python}"
ssh_config = "{config}"
[devices.here]
kind = "stb"
resources = ["here"]
[devices.there]
host = "ssh"
kind = "stb"
resources = ["there"]
"""
HOLD = """
import sys
from pathlib import Path
from pytest_virtualpytest import config
from pytest_virtualpytest.lab import Lab
lab = Lab(config.load([Path(sys.argv[1])]))
with lab.lease(device="here"):
    print("held", flush=True)
    sys.stdin.read()
"""


@dataclass(frozen=True)
class Figure:
    """Values of one sort, and what their median, or the worst of them, shall not pass."""

    name: str
    values: Sequence[float]
    unit: str
    want: float
    worst: bool = False

    @property
    def reached(self) -> bool:
        """Whether it is as wanted."""
        return (max(self.values) if self.worst else statistics.median(self.values)) <= self.want

    def record(self) -> dict[str, object]:
        """Return the figure as benchmarks/README.md describes it."""
        return {
            "figure": self.name, "ours": round(statistics.median(self.values), 3),
            "rival": None, "ratio": None, "worst": round(max(self.values), 3), "unit": self.unit, "want": self.want,
        }  # fmt: skip


def main() -> int:
    """Measure, print, and return 1 if a figure is not reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with laboratory() as path:
        figures = measure(path, options.rounds)
    for record in (figure.record() for figure in figures):
        print(json.dumps(record) if options.json else _line(record))
    return int(not all(figure.reached for figure in figures))


@contextlib.contextmanager
def laboratory() -> Iterator[Path]:
    """Give a lab file with a device behind each sort of gateway."""
    folder = Path(tempfile.mkdtemp(prefix="vpt-lease-"))
    os.environ["VPT_STATE"] = str(folder / "state")
    python = f"env VPT_STATE={folder / 'state'} PYTHONPATH={os.environ.get('PYTHONPATH', '')} {sys.executable}"
    try:
        with sshd.Sshd(folder / "sshd") as server:
            path = folder / "lab.toml"
            path.write_text(LAB.format(name=sshd.NAME, python=python, config=server.config))
            yield path
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def measure(path: Path, rounds: int) -> list[Figure]:
    """Return the three figures."""
    with contextlib.closing(Lab(config.load([path]))) as lab:
        rows = [(milliseconds(lab, "here"), milliseconds(lab, "there")) for _ in range(rounds)]
        free = [seconds_to_the_next(path, lab) for _ in range(KILLS)]
    popen, ssh = zip(*rows, strict=True)
    return [
        Figure("lease-popen-ms", popen, "ms", 1),
        Figure("lease-ssh-ms", ssh, "ms", 2),
        Figure("free-after-kill-s", free, "s", 0.5, worst=True),
    ]


def milliseconds(lab: Lab, device: str) -> float:
    """Return the median time of a lease and its release."""
    taken = []
    for _ in range(LEASES):
        begin = time.perf_counter()
        with lab.lease(device=device):
            pass
        taken.append((time.perf_counter() - begin) * 1000)
    return statistics.median(taken)


def seconds_to_the_next(path: Path, lab: Lab) -> float:
    """Kill a holder while *lab* waits in line; return the seconds until that holds the device."""
    held: list[float] = []
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        waiter = threading.Thread(target=lambda: held.append(_held_at(lab)))
        waiter.start()
        time.sleep(0.5)  # it is in line
        killed = time.monotonic()
        holder.kill()
        waiter.join()
    return held[0] - killed


def _held_at(lab: Lab) -> float:
    with lab.lease(device="here"):
        return time.monotonic()


def _line(record: dict[str, object]) -> str:
    return "{figure:20} {ours:>8} {unit}, worst {worst:>8} {unit}, of at most {want} {unit}".format(**record)


if __name__ == "__main__":
    sys.exit(main())
