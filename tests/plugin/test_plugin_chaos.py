"""Nothing is lost, nothing overlaps and nothing stays locked, whatever is killed or stopped, and whenever."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import chaos
import pytest
import sshd
from bench import INSTALLED
from until import until

from pytest_virtualpytest import config
from pytest_virtualpytest.exceptions import LabFault
from pytest_virtualpytest.gateway import Gateways

SOAK = float(os.environ.get("VPT_SOAK_SECONDS", "1200"))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[sshd.Sshd]:
    """Give an sshd for this account."""
    with sshd.Sshd(tmp_path / "sshd") as server:
        yield server


@pytest.fixture
def farm(tmp_path: Path, server: sshd.Sshd) -> Path:
    """Give a lab of four relays, two of them behind ssh."""
    words = {"PYTHONPATH": INSTALLED, "VPT_STATE": os.environ["VPT_STATE"]}
    python = " ".join(["env", *(f"{name}={value}" for name, value in words.items()), sys.executable])
    lab = tmp_path / "lab.toml"
    lab.write_text(
        f'[hosts.far]\ngateway = "ssh={sshd.NAME}"\nssh_config = "{server.config}"\npython = "{python}"\n'
        + "".join(
            f'[devices.relay{number}]\nkind = "{kind}"\n{far}'
            f'[devices.relay{number}.rack]\nname = "{tmp_path.name}-{number}"\ndiary = "{tmp_path / "diary"}"\n'
            for number, (kind, far) in enumerate([(k, f) for f in ("", 'host = "far"\n') for k in ("stb", "tv")])
        )
    )
    return lab


def leasable(lab: Path, device: str) -> bool:
    """Tell whether a newcomer can lease *device* now."""
    settings = config.load([lab])
    with contextlib.closing(Gateways(settings.hosts)) as gateways:
        try:
            gateway = gateways.of(settings.devices[device].host)
            gateway.attach(settings.devices[device].spec())
            gateway.lease(device, {"user": "newcomer"})
        except LabFault:
            return False
        return True


def check(runs: list[chaos.Run], lab: Path, diary: Path) -> None:
    """Fail where something was lost, overlapped, or stays locked."""
    assert "OVERLAP" not in diary.read_text()
    for run in runs:
        twice = [test for test, count in run.reported().items() if count > 1]
        assert not twice
        assert set(run.planned()) == set(run.reported())
    for device in config.load([lab]).devices:
        until(lambda device=device: leasable(lab, device), 30)


def cause_chaos(
    tmp_path: Path, farm: Path, server: sshd.Sshd, *, count: int, pairs: int, blows: int, seconds: float
) -> None:
    """Let two runs work side by side while their processes are struck."""
    seed = random.randrange(1 << 30)
    print(f"seed {seed}")  # noqa: T201  # shown where the test fails
    runs = [chaos.start(tmp_path / name, farm, count, pairs) for name in ("first", "second")]
    gremlin = chaos.Gremlin(runs, [server.pid], tmp_path / "diary", seed, blows)
    gremlin.start()
    try:
        chaos.wait(runs, seconds)
    finally:
        gremlin.stop()
        for run in runs:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(run.process.pid, signal.SIGKILL)
        print(gremlin.done, *((run.folder / "output").read_text()[-3000:] for run in runs), sep="\n")  # noqa: T201
    assert gremlin.done
    check(runs, farm, tmp_path / "diary")


def test_two_runs_never_use_a_device_at_once(tmp_path: Path, farm: Path) -> None:
    runs = [chaos.start(tmp_path / name, farm, 40, 10) for name in ("first", "second")]

    chaos.wait(runs, 120)

    assert [run.process.returncode for run in runs] == [0, 0]
    assert (tmp_path / "diary").read_text().count("press USE") == 2 * (40 * 3 + 10 * 2)
    check(runs, farm, tmp_path / "diary")


def test_what_is_killed_loses_no_test_and_leaves_no_lock(tmp_path: Path, farm: Path, server: sshd.Sshd) -> None:
    cause_chaos(tmp_path, farm, server, count=40, pairs=10, blows=8, seconds=150)


def test_killed_controller_frees_every_host(tmp_path: Path, farm: Path) -> None:
    run = chaos.start(tmp_path / "first", farm, 60, 0)
    diary = tmp_path / "diary"
    until(lambda: diary.exists() and diary.read_text().count("USE") > 20, 60)

    run.process.kill()
    run.process.wait(10)

    for device in config.load([farm]).devices:
        until(lambda device=device: leasable(farm, device), 10)
    assert "OVERLAP" not in diary.read_text()


@pytest.mark.soak
def test_twenty_minutes_of_chaos_leave_nothing_behind(tmp_path: Path, farm: Path, server: sshd.Sshd) -> None:
    standing = [os.getpid(), server.pid]
    uses, rounds, end = 0, [], time.monotonic() + SOAK
    while time.monotonic() < end:
        place = tmp_path / f"round{len(rounds)}"
        place.mkdir()
        lab = place / "lab.toml"
        lab.write_text(farm.read_text().replace(str(tmp_path / "diary"), str(place / "diary")))
        cause_chaos(place, lab, server, count=250, pairs=40, blows=40, seconds=300)
        uses += (place / "diary").read_text().count("press USE")
        end_of_round = time.monotonic() + 30
        while still := left(besides=standing):
            assert time.monotonic() < end_of_round, still
            time.sleep(0.1)
        rounds.append({what: sum(map(count, standing)) for what, count in footprint.items()})
        print(len(rounds), uses, rounds[-1])  # noqa: T201  # progress of a long test

    assert uses >= 2000
    for what in footprint:
        half = len(rounds) // 2  # what is kept for good is there by then
        middle, last = (statistics.median(one[what] for one in part) for part in (rounds[half:][:3], rounds[-3:]))
        assert last <= middle * 1.1 + 2, f"{what}: {middle} after half of the rounds, {last} after the last"


def left(besides: list[int]) -> list[str]:
    """Return the processes that keep to this lab's state folder and still live, each with its command."""
    mark = f"VPT_STATE={os.environ['VPT_STATE']}".encode()
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark in (process / "environ").read_bytes() and int(process.name) not in besides:
                words = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()[:100]
                found.append(f"{process.name} {(process / 'stat').read_text().rpartition(')')[2][:12]} {words}")
    return found


def _memory(pid: int) -> int:
    """Return the MiB that process *pid* has for itself."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Private")) // 1024


footprint = {
    "descriptors": lambda pid: len(list(Path(f"/proc/{pid}/fd").iterdir())),
    "processes": lambda pid: len(list(chaos.below(pid))),
    "MiB": _memory,
}
