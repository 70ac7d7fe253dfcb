"""How near a campaign on a farm comes to the best possible, against pytest-xdist's own ways to spread tests.

    python benchmarks/farm.py [--json] [--seeds 3] [--devices 4 8]

Two hosts, one of them behind ssh, with light devices of three kinds; tests sleep for a seeded time while they hold
theirs. The same suite runs with our scheduler (which knows the last run's durations), with ``--dist load`` and with
``--dist worksteal``, one after the other. The makespan is from the first test's start to the last one's end, as the
run's journal has them; the bound is what no schedule can beat. Each test takes an exclusive lock of its device
besides the lease: an overlap would fail it.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parent.parent / "tests"
sys.path.insert(0, str(TESTS))

import sshd  # noqa: E402

KINDS = ("stb", "tv", "mobile")
SHAPES = ("pool", "mixed", "blocks")
POLICIES: dict[str, list[str]] = {"ours": [], "load": ["--dist", "load"], "worksteal": ["--dist", "worksteal"]}
_TEST = """
def test_{number}({fixture}):
    with exclusive({fixture}.name):
        time.sleep({seconds})
"""
_HEAD = """
import contextlib, os, time
from pathlib import Path

@contextlib.contextmanager
def exclusive(name):
    lock = Path(os.environ["FARM_LOCKS"]) / name
    os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
    try:
        yield
    finally:
        lock.unlink()
"""


@dataclass(frozen=True)
class Suite:
    """Tests of one shape: for each its kind of device, None for any, and its seconds."""

    shape: str
    tests: tuple[tuple[str | None, float], ...]

    def bound(self, kinds: list[str]) -> float:
        """Return the time that no schedule can beat on devices of *kinds*."""
        each = [sum(took for own, took in self.tests if own == kind) / kinds.count(kind) for kind in set(kinds)]
        whole = sum(took for _, took in self.tests) / len(kinds)
        return max(*each, whole, *(took for _, took in self.tests))


@dataclass(frozen=True)
class Done:
    """One run: the bound over its makespan, the makespan in seconds, and the tests that failed."""

    shape: str
    policy: str
    share: float
    makespan: float
    failed: int


def main() -> int:
    """Measure, print, and return 1 if a figure is not reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--devices", type=int, nargs="+", default=[4, 8])
    options = parser.parse_args()
    runs = measure(options.seeds, options.devices)
    records = figures(runs)
    if not options.json:
        print("\n".join(table(runs)))
    for record in records:
        print(json.dumps(record) if options.json else line(record))
    return int(not all(map(reached, records)))


def measure(seeds: int, sizes: list[int]) -> list[Done]:
    """Run every suite with every policy, in turn."""
    with contextlib.ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="vpt-farm-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server = stack.enter_context(sshd.Sshd(folder / "sshd"))
        done = []
        for size in sizes:
            kinds = [KINDS[number % len(KINDS)] for number in range(size)]
            lab(folder / "lab.toml", kinds, server, folder)
            for seed in range(seeds):
                for shape in SHAPES:
                    suite = made(shape, size * 10, kinds, random.Random(seed * 100 + size))
                    done += [run(folder, suite, policy, kinds) for policy in POLICIES]
        return done


def lab(path: Path, kinds: list[str], server: sshd.Sshd, folder: Path) -> None:
    """Write a lab of relays, every other one behind ssh."""
    python = f"env PYTHONPATH={TESTS / 'installed'} VPT_STATE={folder / 'state'} {sys.executable}"
    hosts = f'[hosts.far]\ngateway = "ssh={sshd.NAME}"\nssh_config = "{server.config}"\npython = "{python}"\n'
    devices = [
        f'[devices.{kind}{number}]\nkind = "{kind}"\n{far}[devices.{kind}{number}.rack]\nname = "{number}"\n'
        for number, kind in enumerate(kinds)
        for far in ['host = "far"\n' if number % 2 else ""]
    ]
    path.write_text(hosts + "".join(devices))


def made(shape: str, count: int, kinds: list[str], chance: random.Random) -> Suite:
    """Return *count* tests of 0.1 to 3 s: on any device, of kinds at random, or of one kind after the other."""
    wanted: list[str | None] = [None if shape == "pool" else chance.choice(kinds) for _ in range(count)]
    if shape == "blocks":
        wanted.sort(key=str)
    return Suite(shape, tuple((kind, round(min(3.0, 0.1 + chance.expovariate(1.4)), 2)) for kind in wanted))


def run(
    folder: Path, suite: Suite, policy: str, kinds: list[str], *,
    test: str = _TEST, head: str = _HEAD, evidence: str = "never",
) -> Done:  # fmt: skip
    """Run *suite*, each as *test* says, in a folder of its own, and return what came of it."""
    place = folder / "suite"
    shutil.rmtree(place, ignore_errors=True)
    (place / "locks").mkdir(parents=True)
    tests = [
        test.format(number=number, fixture=kind or "dut", seconds=seconds)
        for number, (kind, seconds) in enumerate(suite.tests)
    ]
    (place / "test_farm.py").write_text(head + "".join(tests))
    (place / "pytest.ini").write_text("[pytest]\n")
    known = place / ".pytest_cache" / "v" / "virtualpytest"
    known.mkdir(parents=True)
    last = {f"test_farm.py::test_{number}": seconds + 0.05 for number, (_, seconds) in enumerate(suite.tests)}
    (known / "durations").write_text(json.dumps(last))
    environment = {
        "PYTHONPATH": str(TESTS / "installed"), "VPT_STATE": str(folder / "state"), "FARM_LOCKS": str(place / "locks"),
    }  # fmt: skip
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(len(kinds)), "--alluredir=results"]
    command += [f"--vpt-lab={folder / 'lab.toml'}", f"--vpt-evidence={evidence}", *POLICIES[policy]]
    quiet = subprocess.DEVNULL
    subprocess.run(command, check=False, cwd=place, env=os.environ | environment, stdout=quiet, timeout=600)
    makespan, failed = told(place / "results" / "virtualpytest-run.jsonl", len(suite.tests))
    return Done(suite.shape, policy, suite.bound(kinds) / makespan, makespan, failed)


def told(journal: Path, count: int) -> tuple[float, int]:
    """Return the seconds from the first start to the last verdict, and how many tests did not pass."""
    events = [json.loads(line) for line in journal.read_text().splitlines()]
    starts = [event["time"] for event in events if event["kind"] == "start"]
    verdicts = [event for event in events if event["kind"] == "verdict"]
    passed = sum(event["data"]["outcome"] == "passed" for event in verdicts)
    return max(event["time"] for event in verdicts) - min(starts), count - passed


def figures(runs: list[Done]) -> list[dict[str, object]]:
    """Return the figures over all runs."""
    ours = [run for run in runs if run.policy == "ours"]
    load = [run for run in runs if run.policy == "load"]
    shares, rivals = [run.share for run in ours], [run.share for run in load]
    pairs = [(one.shape, one.makespan / other.makespan) for one, other in zip(ours, load, strict=True)]
    blocks = [ratio for shape, ratio in pairs if shape == "blocks"]
    return [
        figure("makespan-vs-bound-mean", statistics.mean(shares), statistics.mean(rivals), None, "of the bound", 0.93),
        figure("makespan-vs-bound-worst", min(shares), min(rivals), None, "of the bound", 0.85),
        figure("blocks-vs-load", *_seconds(ours, load, "blocks"), statistics.mean(blocks), "s", 0.7),
        figure("slowest-vs-load", *_seconds(ours, load), max(ratio for _, ratio in pairs), "s", 1.0),
        figure("overlaps", sum(run.failed for run in ours), sum(run.failed for run in load), None, "tests", 0),
    ]


def _seconds(ours: list[Done], load: list[Done], shape: str = "") -> tuple[float, float]:
    mean = [statistics.mean(run.makespan for run in runs if shape in run.shape) for runs in (ours, load)]
    return mean[0], mean[1]


def figure(name: str, ours: float, rival: float, ratio: float | None, unit: str, want: float) -> dict[str, object]:
    """Return the figure as benchmarks/README.md describes it."""
    rounded = None if ratio is None else round(ratio, 3)
    return {
        "figure": name, "ours": round(ours, 3), "rival": round(rival, 3), "ratio": rounded, "unit": unit, "want": want,
    }  # fmt: skip


def reached(record: dict[str, object]) -> bool:
    """Tell whether *record* is what was wanted: of the bound at least, of a ratio or a count at most."""
    if record["unit"] == "of the bound":
        return bool(record["ours"] >= record["want"])  # type: ignore[operator]
    value = record["ours"] if record["ratio"] is None else record["ratio"]
    return bool(value <= record["want"])  # type: ignore[operator]


def line(record: dict[str, object]) -> str:
    """Return *record* as a row of the table."""
    verdict = "reached" if reached(record) else "NOT REACHED"
    return (
        f"{record['figure']:26} {record['ours']:>8} {record['unit']}, load {record['rival']}; "
        f"ratio {record['ratio']}; wanted {record['want']}: {verdict}"
    )


def table(runs: list[Done]) -> list[str]:
    """Return a row for each shape and policy: the bound as a share of the makespan, mean and worst."""
    rows = []
    for shape in SHAPES:
        for policy in POLICIES:
            shares = [run.share for run in runs if (run.shape, run.policy) == (shape, policy)]
            rows.append(f"{shape:8} {policy:10} {statistics.mean(shares):6.1%} mean {min(shares):6.1%} worst")
    return rows


if __name__ == "__main__":
    sys.exit(main())
