"""What the dashboard costs: results to a page, against Allure 2 and 3 in the same run.

    python benchmarks/dashboard.py [--json] [--results 10000] [--rounds 3] [--no-allure] [--large 100000]

A folder as allure-pytest writes it (1.7 containers and 1.2 attachments for each result) is made, once. A process
reads it to a usable overview, and to the end, containers too; ``allure generate`` makes its report of it. Each in turn,
medians of the rounds, the rival is the faster of both. ``--no-allure`` takes what they needed on a quiet machine of 2
cores (`STORED`), where it is known, instead. Both come from npm, into the temporary folder. ``--large`` measures a
second folder, once, with 2 GB of disk; its rival is the stored one unless ``--large-allure``, with 5 GB of memory.
Pages are asked for over HTTP; a result is timed from its rename to the answer that holds it, event and page. The disk
is warm for all. ``wall-p95-ms`` is in `wall.py`.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from allurefolder import result, write

STORED = {"10k": (23.0, 523.0), "100k": (155.0, 3225.0)}  # seconds and MiB of the faster and of the smaller
RIVALS = {"allure2": "allure-commandline@2", "allure3": "allure@3"}
READ = """
import sys, time
from pathlib import Path
began = time.perf_counter()
from virtualpytest_dashboard.folders import Folders
from virtualpytest_dashboard.listing import Asked
folder = Folders([Path(sys.argv[1])]).all()[0]
folder.run()
row = folder.listing(Asked()).rows[0]
usable = time.perf_counter()
if sys.argv[2] == "all":
    for _ in folder.finish():
        pass
print(usable - began, time.perf_counter() - began)
"""
SERVE = """
import sys
from virtualpytest_dashboard import serve
serve.main(sys.argv[1:], port=0, ready=lambda address: print(address, flush=True))
"""


def main() -> int:
    """Measure, print, and return 1 if a figure is not reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--results", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-allure", action="store_true", help="compare with what Allure needed once")
    parser.add_argument("--large", type=int, default=0, metavar="RESULTS", help="measure a folder of as many, too")
    parser.add_argument("--large-allure", action="store_true", help="let Allure read that one as well")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vpt-dashboard-") as place:
        rivals = [] if options.no_allure else [installed(Path(place), *rival) for rival in RIVALS.items()]
        records = [*measured(Path(place), options.results, rivals, options.rounds)]
        if options.large:
            records += measured(Path(place), options.large, rivals if options.large_allure else [], 1)
    for record in records:
        print(json.dumps(record) if options.json else line(record))
    return int(any(not reached(record) for record in records))


def measured(place: Path, count: int, rivals: list[list[str]], rounds: int) -> list[dict[str, object]]:
    """Return every figure of a folder of *count* results."""
    folder, size = place / f"results-{count}", f"{count // 1000}k"
    write(folder, count)
    found = [*against(folder, rivals, rounds, size), *served(folder, rounds, size)]
    shutil.rmtree(folder)
    return found


def installed(place: Path, name: str, package: str) -> list[str]:
    """Install *package* from npm and return its command."""
    prefix = place / name
    prefix.mkdir()
    npm = ["npm", "install", "--prefix", str(prefix), "--no-audit", "--no-fund", "--silent", package]
    subprocess.run(npm, check=True, stdout=subprocess.DEVNULL)
    return [str(prefix / "node_modules/.bin/allure"), "generate", *(["--clean"] if name == "allure2" else [])]


def against(folder: Path, rivals: list[list[str]], rounds: int, size: str) -> list[dict[str, object]]:
    """Return the figures of the import, and of the folder opened again."""
    usable, complete, memory, again, theirs, their_memory = [], [], [], [], [], []
    for _ in range(rounds):
        shutil.rmtree(folder / ".virtualpytest", ignore_errors=True)
        seconds, peak = ours(folder, "all")
        usable.append(seconds[0])
        complete.append(seconds[1])
        memory.append(peak)
        again.append(ours(folder, "usable")[0][0])
        reports = [generated(command, folder) for command in rivals] or [STORED.get(size, (0.0, 0.0))]
        theirs.append(min(wall for wall, _ in reports))
        their_memory.append(min(peak for _, peak in reports))
    wall, peak = statistics.median(theirs), statistics.median(their_memory)
    large = size == "100k"
    names = ("usable", "import") if large else ("import", "complete")
    most = (250.0, 0.0) if large else (1 / 5, peak)
    return [
        figure(f"{names[0]}-{size}-vs-allure", statistics.median(usable), "s", 1 / (3.5 if large else 15), wall),
        figure(f"{names[1]}-{size}-vs-allure", statistics.median(complete), "s", 1 / (3.5 if large else 7), wall),
        figure(f"memory-{size}-mib" if large else f"memory-{size}-vs-allure", statistics.median(memory), "MiB", *most),
        figure(f"reopen-{size}-ms", statistics.median(again) * 1000, "ms", 3000 if large else 300),
    ]


def ours(folder: Path, until: str) -> tuple[list[float], float]:
    """Return the seconds to the overview and *until* the end, and the peak of memory in MiB."""
    _, peak, output = run([sys.executable, "-c", READ, str(folder), until])
    return [float(word) for word in output.split()], peak


def generated(command: list[str], folder: Path) -> tuple[float, float]:
    """Return the seconds and the MiB that a report of *folder* takes."""
    report = folder.parent / "report"
    wall, peak, _ = run([*command, "-o", str(report), str(folder)])
    shutil.rmtree(report)
    return wall, peak


def run(command: list[str]) -> tuple[float, float, str]:
    """Return the seconds, the peak of memory in MiB of its largest process, and the output of *command*."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[:2])} ended with {process.returncode}")
    return time.perf_counter() - began, usage.ru_maxrss / 1024, output


def served(folder: Path, rounds: int, size: str) -> Iterator[dict[str, object]]:
    """Yield the figures of pages, asked for over HTTP."""
    with serving(folder) as address:
        run = re.findall(r'href="(http[^"]*/runs/[^"]*)"', get(address).decode())[0]
        get(run)
        time.sleep(11)  # until the folder counts as quiet, and all is read behind
        while b"reading" in get(f"{address}healthz"):
            time.sleep(1)
        yield figure(f"overview-{size}-ms", median(lambda: get(run), 20 * rounds), "ms", 40 if size == "100k" else 20)
        yield figure(f"search-{size}-ms", median(lambda: get(f"{run}?q=black+screen"), 20 * rounds), "ms", 30)
        if size == "100k":
            return
        page = get(run).decode()
        parts = re.findall(r'(?:src|href)="(http[^"]*/static/[^"]*)"', page)
        transferred = len(page.encode()) + sum(len(get(part)) for part in parts)
        yield figure("first-paint-kb", transferred / 1000, "kB", 150)
        with urllib.request.urlopen(f"{run}/events") as events:
            next(line for line in events if line.startswith(b"data: "))
            yield figure("result-to-page-ms", median(lambda: arrive(folder, events, run), 10 * rounds), "ms", 100)


def arrive(folder: Path, events: Iterable[bytes], run: str) -> None:
    """Write a result and wait until the page holds it."""
    number = time.time_ns()
    path = folder / f"{number}-result.json"
    part = path.with_suffix(".part")
    part.write_text(json.dumps({**result(0), "uuid": f"new-{number}", "historyId": f"new-{number}", "status": "failed",
                                "name": f"test_new_{number}", "start": 0}), encoding="utf-8")  # fmt: skip
    part.rename(path)
    told = (line for line in events if line.startswith(b"data: "))
    while next(told) and f"test_new_{number}".encode() not in get(run):
        continue


def median(act: Callable[[], object], times: int) -> float:
    """Return the median of the milliseconds that *act* takes."""
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        taken.append((time.perf_counter() - began) * 1000)
    return statistics.median(taken)


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Serve *folder* and give the address."""
    with subprocess.Popen([sys.executable, "-c", SERVE, str(folder)], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def get(address: str) -> bytes:
    """Return what is at *address*, as many bytes as were sent."""
    with urllib.request.urlopen(urllib.request.Request(address, headers={"Accept-Encoding": "gzip"})) as answer:
        sent: bytes = answer.read()
        return sent


def figure(name: str, ours: float, unit: str, want: float, rival: float = 0.0) -> dict[str, object]:
    """Return one figure; one against a rival is reached by its ratio."""
    ratio = round(ours / rival, 4) if rival else None
    return {"figure": name, "ours": round(ours, 3), "rival": round(rival, 3) or None, "ratio": ratio, "unit": unit,
            "want": round(want, 4)}  # fmt: skip


def reached(record: dict[str, object]) -> bool:
    """Tell whether a figure is as wanted, or cannot be told without the rival."""
    against = str(record["figure"]).endswith("-vs-allure")
    found = record["ratio"] if against else record["ours"]
    return found is None or float(str(found)) <= float(str(record["want"]))


def line(record: dict[str, object]) -> str:
    """Return a figure as a line of the table."""
    rival = f"{record['rival']} {record['unit']}" if record["rival"] else "–"
    mark = "" if reached(record) else "  MISSED"
    return (f"{record['figure']:<26}{record['ours']!s:>10} {record['unit']:<4}{rival:>14}"
            f"{record['ratio'] or '–'!s:>9}  want ≤ {record['want']}{mark}")  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
