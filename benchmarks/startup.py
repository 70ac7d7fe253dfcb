"""What the plugin costs a run that uses no device: at its start, and for each test.

    python benchmarks/startup.py [--json] [--rounds 15]

Two runs of pytest in turn, bare and with the plugin alone, each with one empty test and with a thousand.
The figures are processor time, which other work on the machine disturbs less than the clock on the wall:
the median of the rounds' differences, and of their ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

MANY = 1000
FILES = 20
BARE, OURS = [], ["-p", "virtualpytest"]


def main() -> int:
    """Measure, print, and return 1 if a figure is not reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vpt-startup-") as folder:
        records = measure(Path(folder), options.rounds)
    for record in records:
        print(json.dumps(record) if options.json else line(record))
    return int(any(record["reached"] is False for record in map(judged, records)))


def measure(folder: Path, rounds: int) -> list[dict[str, object]]:
    """Return both figures."""
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -q -p no:cacheprovider\n")
    one = [write(folder / "test_one.py", 1)]
    many = [write(folder / f"test_many_{number}.py", MANY // FILES) for number in range(FILES)]
    for plugins in (BARE, OURS):
        seconds(folder, plugins, [*one, *many])  # compiled once
    kinds = [(plugins, tests) for plugins in (BARE, OURS) for tests in (one, many)]
    rows = [[seconds(folder, *kind) for kind in kinds] for _ in range(rounds)]
    starts = [(ours, bare) for bare, _, ours, _ in rows]
    tests = [(ours_many - ours, bare_many - bare) for bare, bare_many, ours, ours_many in rows]
    load = statistics.median(ours - bare for ours, bare in starts) * 1000
    ratio = statistics.median(ours for ours, _ in tests) / statistics.median(bare for _, bare in tests)
    ours, bare = (statistics.median(side) for side in zip(*tests, strict=True))
    return [
        {"figure": "load-ms", "ours": round(load, 1), "rival": None, "ratio": None, "unit": "ms", "want": 50},
        {
            "figure": "per-test-vs-bare", "ours": round(ours / MANY * 1e6, 1), "rival": round(bare / MANY * 1e6, 1),
            "ratio": round(ratio, 3), "unit": "us", "want": 1.05,
        },
    ]  # fmt: skip


def write(path: Path, count: int) -> str:
    """Write *count* empty tests and return the file's name."""
    path.write_text("\n".join(f"def test_{number}(): pass" for number in range(count)))
    return path.name


def seconds(folder: Path, plugins: list[str], tests: list[str]) -> float:
    """Return the processor time that pytest takes for *tests*."""
    environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *plugins, *tests], cwd=folder, env=environment, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"pytest {' '.join(plugins)} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def judged(record: dict[str, object]) -> dict[str, object]:
    """Return *record* with whether it is reached."""
    value = record["ours"] if record["ratio"] is None else record["ratio"]
    return {**record, "reached": value <= record["want"]}  # type: ignore[operator]


def line(record: dict[str, object]) -> str:
    """Return *record* as a row of the table."""
    verdict = "reached" if judged(record)["reached"] else "NOT REACHED"
    value = record["ours"] if record["ratio"] is None else record["ratio"]
    against = f" against {record['rival']} {record['unit']}" if record["rival"] is not None else ""
    head = f"{record['figure']:30} {record['ours']:>10} {record['unit']}{against}"
    return f"{head}: {value} of at most {record['want']}, {verdict}"


if __name__ == "__main__":
    sys.exit(main())
