"""What a hundred hosts cost in one run: each behind a gateway of its own, with one light device.

    python benchmarks/hosts.py [--json] [--hosts 100] [--workers 8]

Every test runs on each device, so that every gateway is opened. All of it is on this machine: the agents, the
devices' processes and the workers share its cores and its memory, which a real lab's do not.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TESTS = Path(__file__).parent.parent / "tests"
sys.path.insert(0, str(TESTS))

import chaos  # noqa: E402

SUITE = """
def test_first(dut): dut.remote.press("OK")
def test_second(dut): dut.remote.press("OK")
"""


def main() -> int:
    """Measure, print, and return 1 if a test did not pass."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true", help="one object a line")
    parser.add_argument("--hosts", type=int, default=100)
    parser.add_argument("--workers", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vpt-hosts-") as folder:
        records = measure(Path(folder), options.hosts, options.workers)
    for record in records:
        print(json.dumps(record) if options.json else line(record))
    return int(any(record["want"] == 0 and record["ours"] for record in records))


def measure(folder: Path, hosts: int, workers: int) -> list[dict[str, object]]:
    """Run the suite on every host, and return the figures."""
    lab(folder / "lab.toml", hosts)
    (folder / "test_hosts.py").write_text(SUITE)
    (folder / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(workers), "--alluredir=results"]
    command += [f"--vpt-lab={folder / 'lab.toml'}", "--vpt-each=device", "-p", "no:cacheprovider"]
    environment = {"PYTHONPATH": str(TESTS / "installed"), "VPT_STATE": str(folder / "state")}
    begin, most, alive = time.time(), 0, 0
    with subprocess.Popen(command, cwd=folder, env=os.environ | environment, stdout=subprocess.DEVNULL) as process:
        while process.poll() is None:
            pids = list(chaos.below(process.pid))
            most, alive = max(most, sum(map(memory, pids))), max(alive, len(pids))
            time.sleep(0.2)
    took = time.time() - begin
    events = [json.loads(text) for text in (folder / "results" / "virtualpytest-run.jsonl").read_text().splitlines()]
    first = min(event["time"] for event in events if event["kind"] == "lease") - begin
    passed = sum(event["kind"] == "verdict" and event["data"]["outcome"] == "passed" for event in events)
    devices = {event["device"] for event in events if event["kind"] == "lease"}
    return [
        figure(f"hosts-{hosts}-errors", 2 * hosts - passed + hosts - len(devices), "tests or devices", 0),
        figure(f"hosts-{hosts}-first-lease-s", round(first, 2), "s"),
        figure(f"hosts-{hosts}-whole-run-s", round(took, 1), "s"),
        figure(f"hosts-{hosts}-processes", alive, "processes"),
        figure(f"hosts-{hosts}-memory-mib", most // 1024, "MiB"),
        figure("device-and-agent-mib", round(most / 1024 / hosts, 1), "MiB"),
    ]


def lab(path: Path, hosts: int) -> None:
    """Write a lab of so many hosts, each with a relay."""
    path.write_text(
        "".join(
            f'[hosts.host{number}]\ngateway = "popen"\n'
            f'[devices.relay{number}]\nkind = "stb"\nhost = "host{number}"\n'
            f'[devices.relay{number}.rack]\nname = "{number}"\n'
            for number in range(hosts)
        )
    )


def memory(pid: int) -> int:
    """Return the KiB that process *pid* has, its part of what it shares included."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has just ended
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def figure(name: str, value: float, unit: str, want: float | None = None) -> dict[str, object]:
    """Return the figure as benchmarks/README.md describes it."""
    return {"figure": name, "ours": value, "rival": None, "ratio": None, "unit": unit, "want": want}


def line(record: dict[str, object]) -> str:
    """Return *record* as a row of the table."""
    wanted = "" if record["want"] is None else f", wanted {record['want']}"
    return f"{record['figure']:28} {record['ours']:>8} {record['unit']}{wanted}"


if __name__ == "__main__":
    sys.exit(main())
