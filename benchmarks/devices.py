"""What driving a device costs, beside the library underneath: commands, files and elements of an Android phone.

    python benchmarks/devices.py [--json] [--rounds 5]

The phone is a virtual one on loopback. Ours goes the whole way of a test's call: gateway, agent, the device's
process, the phone and back; the rival is adb-shell as it comes, in this process, on a connection of its own.
Both are asked in turn, round by round. What `ui-find-ms` counts is the finding on a screen of 500 elements, and its
way back, beyond the phone's own description of that screen.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adb_shell.adb_device import AdbDeviceTcp
from adb_shell.auth.sign_cryptography import CryptographySigner
from virtualpytest_host import virtual
from virtualpytest_host.virtual.control import Box

from pytest_virtualpytest.gateway import Gateway
from pytest_virtualpytest.wire import Call, Reply

PHONE = "bench phone"
COMMANDS = 100
RIVALS = 10  # of the rival's commands, which take longer
CONTENT = os.urandom(16 << 20)
FILE = "/sdcard/bench"
DUMP = "uiautomator dump /data/local/tmp/bench.xml 1>&2 && cat /data/local/tmp/bench.xml"


@dataclass(frozen=True)
class Host:
    """This machine, as the lab file describes it."""

    name: str = "local"
    gateway: str = "popen"
    python: str | None = None
    ssh_config: str | None = None


@dataclass(frozen=True)
class Figure:
    """What was measured: *want* is a limit from above, or from below where *least*."""

    name: str
    ours: float
    rival: float | None
    ratio: float | None
    unit: str
    want: float
    least: bool = False

    @property
    def reached(self) -> bool:
        """Whether it is as wanted."""
        judged = self.ratio if self.least and self.ratio is not None else self.ours
        return judged >= self.want if self.least else judged <= self.want

    def record(self) -> dict[str, object]:
        """Return it as benchmarks/README.md describes it."""
        values = {name: round(value, 3) if value is not None else None for name, value in
                  (("ours", self.ours), ("rival", self.rival), ("ratio", self.ratio))}  # fmt: skip
        return {"figure": self.name, **values, "unit": self.unit, "want": self.want}


Ask = Callable[..., Reply]


def main() -> int:
    """Measure, print, and return 1 if a figure is not reached."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    figures = measure(options.rounds)
    for figure in figures:
        print(json.dumps(figure.record()) if options.json else _line(figure))
    return int(not all(figure.reached for figure in figures))


def measure(rounds: int) -> list[Figure]:
    """Return the figures."""
    with contextlib.ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="vpt-devices-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        os.environ["VPT_STATE"] = str(folder)
        ask = stack.enter_context(phone())
        rival = stack.enter_context(library(folder))
        return [commands(ask, rival, rounds), *files(ask, rival, rounds), finding(ask, rounds)]


@contextlib.contextmanager
def phone() -> Iterator[Ask]:
    """Give calls of a leased virtual phone."""
    gateway = Gateway(Host())
    gateway.open()
    with contextlib.closing(gateway):
        gateway.attach({"name": PHONE, "virtual": "phone", "controllers": []})
        token = gateway.lease(PHONE, {"user": "benchmark"})

        def ask(method: str, blobs: tuple[bytes, ...] = (), **args: Any) -> Reply:
            return gateway.call(Call(method, PHONE, args, token, 60.0, blobs))

        ask("shell.run", command="true", seconds=10)  # connects, and makes the key
        yield ask
    virtual.stop(PHONE)


@contextlib.contextmanager
def library(folder: Path) -> Iterator[AdbDeviceTcp]:
    """Give adb-shell as it comes, connected to the same phone by the same key."""
    device = AdbDeviceTcp("127.0.0.1", Box(PHONE).state["ports"]["adb"])
    key = folder / "keys" / "adbkey"
    with contextlib.closing(device):
        device.connect([CryptographySigner(str(key))], auth_timeout_s=5)
        yield device


def commands(ask: Ask, rival: AdbDeviceTcp, rounds: int) -> Figure:
    """Return what a command that does nothing takes."""
    rows = []
    for _ in range(rounds):
        ours = seconds(lambda: ask("shell.run", command="true", seconds=10), COMMANDS)
        rows.append((ours * 1000, seconds(lambda: rival.shell("true"), RIVALS) * 1000))
    ours, theirs = (statistics.median(column) for column in zip(*rows, strict=True))
    return Figure("adb-shell-ms", ours, theirs, ours / theirs, "ms", 3.0)


def files(ask: Ask, rival: AdbDeviceTcp, rounds: int) -> list[Figure]:
    """Return how fast a file of 16 MiB goes there and back."""
    ways: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "push": (lambda: ask("files.push", (CONTENT,), path=FILE), lambda: rival.push(io.BytesIO(CONTENT), FILE)),
        "pull": (lambda: ask("files.pull", path=FILE), lambda: rival.pull(FILE, io.BytesIO())),
    }
    figures = []
    for way, (ours, theirs) in ways.items():
        rows = [(_pace(seconds(ours, 1)), _pace(seconds(theirs, 1))) for _ in range(rounds)]
        fast, other = (statistics.median(column) for column in zip(*rows, strict=True))
        ratio = statistics.median(mine / other for mine, other in rows)
        figures.append(Figure(f"adb-{way}-vs-adb-shell", fast, other, ratio, "MiB/s", 0.9, least=True))
    return figures


def finding(ask: Ask, rounds: int) -> Figure:
    """Return what finding one of 500 elements takes beyond their description."""
    ask("apps.launch", app="com.virtual.settings")
    ask("touch.swipe", points=[[360, 1200], [360, 100]], seconds=0.05)
    ask("ui.tap", wanted={"text": "Colours"}, timeout=5)
    wanted = {"description": "colour 499"}
    assert len(ask("ui.find_all", wanted=wanted).value) == 1
    rows = [
        seconds(lambda: ask("ui.find_all", wanted=wanted), 10)
        - seconds(lambda: ask("shell.run", command=DUMP, seconds=10), 10)
        for _ in range(rounds)
    ]
    return Figure("ui-find-ms", statistics.median(rows) * 1000, None, None, "ms", 20.0)


def seconds(action: Callable[[], object], times: int) -> float:
    """Return the median seconds that *action* takes."""
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        action()
        taken.append(time.perf_counter() - begin)
    return statistics.median(taken)


def _pace(taken: float) -> float:
    return len(CONTENT) / (1 << 20) / taken


def _line(figure: Figure) -> str:
    verdict = "reached" if figure.reached else "NOT REACHED"
    beside = f" against {figure.rival:.2f} {figure.unit}, ratio {figure.ratio:.2f}" if figure.rival else ""
    limit = "at least" if figure.least else "at most"
    return f"{figure.name:26} {figure.ours:8.2f} {figure.unit}{beside}; {limit} {figure.want} wanted, {verdict}"


if __name__ == "__main__":
    sys.exit(main())
