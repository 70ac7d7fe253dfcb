"""What virtual boxes cost: how much of a core four of them need, and how long one takes to start.

    python benchmarks/boxes.py [--json] [--seconds 12]

Each box sends 720p25 to one client, which reads and does not decode. Processor time is what the system
has charged to the boxes' processes, so other programs on the machine disturb it little; the start is the
median of five, until the first frame is sent.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path

from virtualpytest_host import virtual
from virtualpytest_host.virtual.control import Box

BOXES = 4
STARTS = 5
SETTLE = 2.0


def start_seconds() -> float:
    """Return how long a box takes to start."""
    times = []
    for _ in range(STARTS):
        begin = time.monotonic()
        with contextlib.closing(virtual.attach("stb", "timed")):
            times.append(time.monotonic() - begin)
        virtual.stop("timed")
    return statistics.median(times)


def cores(seconds: float) -> float:
    """Return how many cores the boxes need together, each with one client."""
    names = [f"box{number}" for number in range(BOXES)]
    with contextlib.ExitStack() as stack:
        for name in names:
            stack.enter_context(contextlib.closing(virtual.attach("stb", name)))
            stack.callback(virtual.stop, name)
            stack.enter_context(contextlib.closing(_client(Box(name).state["ports"]["video"])))
        time.sleep(SETTLE)
        pids = [Box(name).state["pid"] for name in names]
        used, begin = sum(map(_charged, pids)), time.monotonic()
        time.sleep(seconds)
        return (sum(map(_charged, pids)) - used) / (time.monotonic() - begin)


def _client(port: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port))
    client.sendall(b"GET /stream.ts HTTP/1.0\r\n\r\n")
    threading.Thread(target=_drain, args=(client,), daemon=True).start()
    return client


def _drain(client: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while client.recv(1 << 16):
            pass


def _charged(pid: int) -> float:
    """Return the processor seconds that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rows(seconds: float) -> list[dict[str, object]]:
    """Return the figures."""
    figures = [("box-start-s", start_seconds(), "s", 2.0), ("four-boxes-cores", cores(seconds), "cores", 1.0)]
    return [
        {"figure": name, "ours": round(value, 3), "rival": None, "ratio": None, "unit": unit, "want": want}
        for name, value, unit, want in figures
    ]


def main() -> int:
    """Measure and print; 1 where a figure is not reached."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--json", action="store_true", help="one object a line")
    options.add_argument("--seconds", type=float, default=12.0, help="how long to measure (default: 12)")
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="vpt-") as folder:
        os.environ["VPT_STATE"] = folder
        measured = rows(arguments.seconds)
    for row in measured:
        print(json.dumps(row) if arguments.json else _line(row))
    return 0 if all(_reached(row) for row in measured) else 1


def _reached(row: dict[str, object]) -> bool:
    return float(str(row["ours"])) <= float(str(row["want"]))


def _line(row: dict[str, object]) -> str:
    verdict = "reached" if _reached(row) else "NOT REACHED"
    return "{figure:30} {ours:>10} {unit} of at most {want}, {}".format(verdict, **row)


if __name__ == "__main__":
    sys.exit(main())
