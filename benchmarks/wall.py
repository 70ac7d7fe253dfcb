"""How soon the dashboard's pages come while many watch its wall and a run goes on.

    python benchmarks/wall.py [--json] [--watchers 20] [--seconds 20]

Four virtual boxes, one dashboard, so many watchers of all four live pictures, and a test run that presses keys on two
of the boxes and writes its results where the dashboard reads them. The pages of the lab and of the results are asked
for, one after the other, over one connection; the figures are the 95th percentiles. Nothing may be lost: each watcher
must see pictures of each box, and memory must not grow with the time.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from websockets.sync.client import connect

WANT = 150.0
BOXES = ("wall1", "wall2", "wall3", "wall4")
LAB = ("/lab", "/lab/hosts", "/lab/devices/wall1", "/api/devices", "/api/monitoring")
FIGURES = {"wall-p95-ms": LAB, "wall-runs-p95-ms": ("/",)}
LINE = (
    "{figure}: {ours} {unit} of at most {want:g} {unit} (median {median} {unit}, {pages} pages); "
    "each watcher saw at least {pictures} pictures a second of each box; memory grew by {grown} MB"
)
SUITE = """
import time, pytest
@pytest.mark.device(tags=["run"])
@pytest.mark.parametrize("number", range(10_000))
def test_press(dut, number):
    dut.remote.press("OK")
    time.sleep(0.5)
"""


def main() -> int:
    """Measure, print, and return 1 if the figure is not reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--watchers", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=20.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vpt-wall-") as name, dashboard(Path(name)) as (process, address):
        took, seen, grown = measured(process, address, options.watchers, options.seconds)
    pictures = min(seen.values()) / options.seconds if len(seen) == options.watchers * len(BOXES) else 0.0
    records = [record(figure, took[figure], round(pictures, 2), grown) for figure in FIGURES]
    for one in records:
        print(json.dumps(one) if options.json else LINE.format(**one))
    return int(not pictures or any(one["ours"] > WANT for one in records))


def record(figure: str, took: list[float], pictures: float, grown: float) -> dict[str, object]:
    """Return what is told of *figure*, whose pages *took* so many milliseconds each."""
    return {
        "figure": figure, "ours": round(statistics.quantiles(took, n=20)[-1], 1), "rival": None, "ratio": None,
        "unit": "ms", "want": WANT, "median": round(statistics.median(took), 1), "pages": len(took),
        "pictures": pictures, "grown": grown,
    }  # fmt: skip


def measured(
    process: subprocess.Popen[str], address: str, watchers: int, seconds: float
) -> tuple[dict[str, list[float]], Counter[tuple[int, str]], float]:
    """Return the milliseconds of each figure's pages, the pictures of each watcher and box, and the megabytes added."""
    ended, seen = threading.Event(), Counter[tuple[int, str]]()
    threads = [threading.Thread(target=watch, args=(number, address, ended, seen)) for number in range(watchers)]
    for thread in threads:
        thread.start()
    wait_for(lambda: len(seen) == watchers * len(BOXES))
    seen.clear()
    before, took = memory(process.pid), {figure: list[float]() for figure in FIGURES}
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for figure, pages in FIGURES.items():
            for page in pages:
                took[figure].append(asked(connection, page))
                time.sleep(0.05)
    grown = round(memory(process.pid) - before, 1)
    ended.set()
    for thread in threads:
        thread.join()
    return took, seen, grown


def watch(number: int, address: str, ended: threading.Event, seen: Counter[tuple[int, str]]) -> None:
    """See what a wall shows, as a browser does."""
    with connect(f"{address.replace('http', 'ws')}/ws/lab", origin=address, open_timeout=60) as page:
        page.send(json.dumps({"show": BOXES, "size": "small"}))
        while not ended.is_set():
            data = page.recv(60)
            if isinstance(data, bytes):
                told = json.loads(data[4 : 4 + int.from_bytes(data[:4])])
                seen[number, told["device"]] += 0 if told["why"] else 1
                page.send(json.dumps({"got": told["device"]}))


def asked(connection: http.client.HTTPConnection, page: str) -> float:
    """Return the milliseconds that *page* took."""
    began = time.perf_counter()
    connection.request("GET", page)
    answer = connection.getresponse()
    answer.read()
    assert answer.status == 200, page
    return (time.perf_counter() - began) * 1000


@contextlib.contextmanager
def dashboard(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Serve the lab in *folder*, with a run going on; give the dashboard's process and address."""
    environment = os.environ | {"VPT_STATE": str(folder / "state"), "VPT_LINGER": "5"}
    tags = {"wall1": '\ntags = ["run"]', "wall2": '\ntags = ["run"]'}
    lab = "\n".join(f'[devices.{name}]\nvirtual = "stb"{tags.get(name, "")}' for name in BOXES)
    (folder / "lab.toml").write_text(lab)
    (folder / "test_wall.py").write_text(SUITE)
    run = [sys.executable, "-m", "pytest", "-q", "-n2", "-p", "no:cacheprovider", "--vpt-lab=lab.toml"]
    serve = [sys.executable, "-m", "pytest_virtualpytest.cli", "dashboard", "results", "--port=0", "--lab=lab.toml"]
    options = {"cwd": folder, "env": environment, "text": True}
    with subprocess.Popen(
        [*run, "--alluredir=results", "test_wall.py"], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT, **options
    ) as tests:
        wait_for(lambda: list((folder / "results").glob("*-result.json")))
        with subprocess.Popen(serve, stdout=subprocess.PIPE, **options) as process:
            try:
                yield process, process.stdout.readline().strip().rstrip("/")
            finally:
                process.terminate()
                tests.terminate()
    down = [sys.executable, "-m", "pytest_virtualpytest.cli", "lab", "down"]
    subprocess.run(down, check=False, stdout=subprocess.DEVNULL, **options)


def memory(pid: int) -> float:
    """Return the megabytes that process *pid* has in use."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def wait_for(condition: object, seconds: float = 120.0) -> None:
    """Wait until *condition* holds."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not so within {seconds:g} s")
        time.sleep(0.1)


if __name__ == "__main__":
    sys.exit(main())
