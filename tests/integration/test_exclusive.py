"""Many who take and give back devices at random: never two at one, nobody for ever, and each in its turn."""

from __future__ import annotations

import contextlib
import getpass
import itertools
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from typing import Any

import pytest
import readable
import sshd
from bench import SshHost

CONTENDER = Path(__file__).parent.parent / "contender.py"
LAB = """
[hosts.near]
gateway = "{near}"
python = "{near_python}"
{near_config}
[hosts.far]
gateway = "{far}"
python = "{far_python}"
{far_config}
[devices.box1]
kind = "stb"
host = "near"
resources = ["contended:1"]
[devices.box2]
kind = "stb"
host = "far"
resources = ["contended:2"]
[devices.tele1]
kind = "tv"
host = "near"
resources = ["contended:3", "contended:licence"]
[devices.tele2]
kind = "tv"
host = "far"
resources = ["contended:4"]
"""


@dataclass(frozen=True)
class Use:
    """One use of devices by *who*, as tests/contender.py tells it."""

    who: int
    wanted: list[str]
    had: list[str]
    overlaps: list[str]
    asked: float
    in_line: float | None
    tried: float
    since: float


@pytest.fixture
def labs(open_folder: Path, ssh_host: SshHost, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """Give two lab files of one machine: its devices are behind popen and ssh, in the other behind ssh and popen."""
    folder = open_folder / "shared"
    state = folder / "state"
    (state / "locks").mkdir(parents=True)
    other = ssh_host.server.account
    account = other if other != getpass.getuser() and os.geteuid() == 0 else None  # only root may share with it
    _share(state, account)
    monkeypatch.setenv("VPT_STATE", str(state))
    python = ssh_host.python if account else readable.own()
    with sshd.Sshd(folder / "sshd", account, environment={"VPT_STATE": str(state)}) as server:
        popen = ("popen", sys.executable, "")
        ssh = (f"ssh={sshd.NAME}", python, f'ssh_config = "{server.config}"')
        yield [_lab(folder / "one.toml", popen, ssh), _lab(folder / "other.toml", ssh, popen)]
    shutil.rmtree(folder, ignore_errors=True)


def test_many_take_devices_at_random(labs: list[Path], tmp_path: Path) -> None:
    with contending(labs, tmp_path, 6, seconds=8) as processes:
        uses = [use for who, process in enumerate(processes) for use in told(who, process)]

    assert [use for use in uses if use.overlaps] == []
    assert {use.who for use in uses} == set(range(6))
    assert len(uses) > 40
    assert max(use.since - use.asked for use in uses) < 8
    assert out_of_turn(uses) == []


@pytest.mark.soak
def test_many_take_devices_at_random_and_some_are_killed(labs: list[Path], tmp_path: Path) -> None:
    seed = random.randrange(1 << 32)
    sys.stdout.write(f"seed {seed}\n")
    chance, end = random.Random(seed), time.monotonic() + 120
    uses: list[Use] = []
    while time.monotonic() < end:
        with contending(labs, tmp_path, 8, seconds=8) as processes:
            for victim in chance.sample(processes, 3):
                time.sleep(chance.uniform(0.2, 2))
                victim.kill()
            round_ = [use for who, process in enumerate(processes) for use in told(who, process)]
        assert out_of_turn(round_) == []
        uses += round_

    assert [use for use in uses if use.overlaps] == []
    assert max(use.since - use.asked for use in uses) < 15
    assert len(uses) > 500


@contextlib.contextmanager
def contending(labs: list[Path], folder: Path, number: int, seconds: float) -> Iterator[list[subprocess.Popen[str]]]:
    """Start contenders on alternate labs, and let them begin together."""
    with contextlib.ExitStack() as stack:
        processes = []
        for who, lab in zip(range(number), itertools.cycle(labs), strict=False):
            command = [sys.executable, str(CONTENDER), str(lab), str(folder), str(seconds), f"run{who}"]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
            stack.callback(process.communicate)
            stack.callback(process.kill)
            processes.append(process)
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        yield processes


def told(who: int, process: subprocess.Popen[str]) -> list[Use]:
    """Return what a contender tells until its end, or until it was killed."""
    assert process.stdout is not None
    uses = [Use(who, **json.loads(line)) for line in process.stdout if line.endswith("}\n")]
    assert process.wait(30) in (0, -SIGKILL)
    return uses


def out_of_turn(uses: list[Use]) -> list[tuple[Use, Use]]:
    """Return who had a device that somebody was in line for, and went on to be, before they had even asked."""
    return [
        (late, early)
        for early in uses
        if early.in_line is not None
        for late in uses
        if early.in_line < late.asked and late.since < early.tried and set(late.had) & set(early.wanted)
    ]


def _share(state: Path, account: str | None) -> None:
    """Let this account and *account* use *state* together, as an administrator does for /var/lib/virtualpytest."""
    for folder in (state, state / "locks"):
        if account:
            shutil.chown(folder, group=account)
        folder.chmod(0o2770)


def _lab(path: Path, near: tuple[str, str, str], far: tuple[str, str, str]) -> Path:
    words: dict[str, Any] = dict(zip(("near", "near_python", "near_config"), near, strict=True))
    words |= dict(zip(("far", "far_python", "far_config"), far, strict=True))
    path.write_text(LAB.format(**words))
    return path
