"""`virtualpytest monitor` beside a virtual box: each fault is an incident, held against the box's log of the truth."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import recorders
from command import run, started
from until import until
from virtualpytest_host import incidents
from virtualpytest_host.controllers.video import Video
from virtualpytest_host.virtual import life
from virtualpytest_host.virtual.control import Box

from pytest_virtualpytest import config
from pytest_virtualpytest.capabilities import Source
from pytest_virtualpytest.gateway import Gateway, Gateways

NAME = "monbox"
LIMITS = ("--frozen", "3", "--silent", "2")  # the others are in the lab file
FAULTS: dict[str, tuple[str, str, dict[str, Any]]] = {  # what each comes to, and what the box's log says of it
    "black": ("black", "screen", {"state": "black"}),
    "freeze": ("frozen", "screen", {"state": "frozen"}),
    "silence": ("silent", "sound", {"hz": 0}),
    "no_signal": ("lost", "screen", {"state": "no-signal"}),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Work in a folder with a lab."""
    folder = tmp_path_factory.mktemp("monitor")
    (folder / "lab.toml").write_text(
        f'[devices.{NAME}]\nvirtual = "stb"\nmonitor = {{ black = 2, frozen = 600, lost = 2 }}\n'
    )
    with contextlib.chdir(folder):
        yield folder


@pytest.fixture(scope="module")
def gateway(folder: Path) -> Iterator[Gateway]:
    """Give another client of the box, which runs as long as there is one."""
    lab = config.load([folder / "lab.toml"])
    with contextlib.closing(Gateways(lab.hosts)) as gateways:
        gateway = gateways.of("local")
        gateway.attach(lab.devices[NAME].spec())
        yield gateway


@pytest.fixture(scope="module")
def watching(gateway: Gateway) -> Iterator[subprocess.Popen[str]]:
    """Give the command as it watches the box, which plays."""
    assert run("press", NAME, "BACK").code == 0
    with started("monitor", *LIMITS) as process:
        _read_until(process, f"{NAME}: watched")
        yield process


@pytest.fixture
def box(watching: subprocess.Popen[str]) -> Iterator[Box]:
    """Give the box as it is watched; it has no fault, and nothing goes on."""
    assert watching.poll() is None
    box = Box(NAME)
    yield box
    box.clear()
    until(lambda: not _found(state="open"))


def _found(**wanted: Any) -> list[dict[str, Any]]:
    """Return the incidents kept so far in which *wanted* is so."""
    told = incidents.listing(NAME)["incidents"]
    return [one for one in told if all(one[word] == value for word, value in wanted.items())]


def _read_until(process: subprocess.Popen[str], words: str) -> str:
    assert process.stdout
    for line in process.stdout:
        if words in line:
            return line
    pytest.fail(f"it ended without {words!r}")


def _source() -> Source:
    with contextlib.closing(life.attach("stb", NAME, ())) as attachment:
        return Video(**attachment.controllers[0]["settings"]).stream()


def test_an_ordinary_box_that_plays_has_no_incident(box: Box) -> None:
    before, end = _found(), time.monotonic() + 12  # four times the longest of the limits

    until(lambda: time.monotonic() > end, 30)

    assert _found() == before
    assert box.screen().startswith("live")


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_an_incident_from_its_begin_to_its_end(box: Box, fault: str) -> None:
    what, event, state = FAULTS[fault]
    asked = time.time()

    box.fault(fault, seconds=6)
    until(lambda: any(one["begin"] > asked - 2 for one in _found(what=what, state="over")), 40)

    one, others = _found(what=what)[0], [one for one in _found() if one["begin"] > asked - 2][1:]
    began, ended = _truth(box, event, state)
    assert one["begin_error"] < 3
    assert abs(one["captured"] - began) <= one["begin_error"]
    assert abs(one["captured"] + one["end"] - one["begin"] - ended) <= one["end_error"]
    assert others == []
    assert incidents.picture(NAME, one["id"]).blobs[0].startswith(b"\x89PNG")


def _truth(box: Box, event: str, state: dict[str, Any]) -> tuple[float, float]:
    """Return when the box was last in *state* from, and until when."""
    lines = [line for line in box.truth() if line["event"] == event]
    number = max(number for number, line in enumerate(lines) if state.items() <= line.items())
    return lines[number]["at"], lines[number + 1]["at"]


def test_a_stream_that_does_not_come_is_a_lost_signal(box: Box) -> None:
    asked = time.monotonic()

    box.fault("stall", seconds=8)
    until(lambda: any(one["captured"] > asked - 2 for one in _found(what="lost", state="over")), 60)

    one = _found(what="lost")[0]
    assert "no packet for" in one["why"]
    assert abs(one["captured"] - asked) <= one["begin_error"] + 1
    assert one["end"] - one["begin"] == pytest.approx(8, abs=one["begin_error"] + one["end_error"] + 3)


def test_a_test_gets_the_watched_device_at_once_and_is_watched_too(box: Box, folder: Path) -> None:
    (folder / "test_zap.py").write_text(
        "from pytest_virtualpytest import Motion\n\n\n"
        "def test_zap(stb):\n"
        '    stb.screen.wait_for(Motion(), since=stb.remote.press("CHANNEL_UP"))\n'
    )
    before = _found()

    done = subprocess.run(
        ["pytest", "-q", "-p", "no:cacheprovider", "test_zap.py"], check=False, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout
    assert "waiting for" not in done.stdout + done.stderr
    assert not [line for line in box.truth() if line["event"] == "second user"]
    assert _found() == before


def test_an_incident_says_who_had_the_device(box: Box, gateway: Gateway) -> None:
    asked = time.time()

    gateway.lease(NAME, {"user": "ben", "test": "test_zap"})
    box.fault("black", seconds=5)
    until(lambda: any(one["begin"] > asked - 2 for one in _found(what="black")), 40)
    gateway.release(NAME)

    assert (_found(what="black")[0]["holder"] or {})["user"] == "ben"


def test_a_recorder_that_is_killed_is_started_again(box: Box) -> None:
    asked = time.time()

    recorders.kill(_source())
    box.fault("black", seconds=8)
    until(lambda: any(one["begin"] > asked - 2 for one in _found(what="black", state="over")), 60)

    assert [one["what"] for one in _found() if one["begin"] > asked - 2] == ["black"]


def test_a_second_watcher_is_told_that_there_is_one(box: Box) -> None:
    assert box.screen()
    with started("monitor") as second:
        assert "watches it already; it need not be watched twice" in _read_until(second, "not watched")


def test_a_watcher_that_is_ended_says_what_is_not_over(box: Box, watching: subprocess.Popen[str]) -> None:
    box.fault("black")
    until(lambda: _found(what="black", state="open"))

    watching.send_signal(signal.SIGTERM)

    assert watching.wait(30) == 0
    assert "black since" in _read_until(watching, "not over when the watching ended")
    assert _found()[0]["state"] == "unseen"
    assert incidents.listing()["watched"] == []


def test_a_device_that_goes_is_watched_again_when_it_is_back(gateway: Gateway) -> None:
    assert gateway
    with started("monitor", NAME, *LIMITS) as process:
        _read_until(process, "watched")
        os.kill(int(Box(NAME).state["pid"]), signal.SIGKILL)

        line = _read_until(process, "not watched, tried again")
        _read_until(process, f"{NAME}: watched")
        process.send_signal(signal.SIGINT)

        assert "its virtual device has ended" in line
        assert process.wait(30) == 0


def test_a_unit_for_systemd_runs_the_command_as_it_was_given(folder: Path) -> None:
    unit = run("monitor", NAME, "--black", "3", "--lab", "lab.toml", "--systemd").out

    (command,) = [line for line in unit.splitlines() if line.startswith("ExecStart=")]
    assert f"pytest_virtualpytest.cli monitor {NAME} --lab {folder}/lab.toml --black 3 --quota 256" in command
    assert f"WorkingDirectory={folder}" in unit


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_takes_the_unit(folder: Path) -> None:
    unit = folder / "virtualpytest-monitor.service"
    unit.write_text(run("monitor", "--systemd").out)

    done = subprocess.run(["systemd-analyze", "verify", unit], check=False, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert unit.name not in done.stderr  # of others it may complain


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("monbix",), 4, "no device 'monbix'; did you mean 'monbox'?"),
        (("--black", "soon"), 2, "'soon' is no number of seconds; 0 is never"),
        (("--days", "0"), 2, "it must be more than 0"),
    ],
)
def test_what_cannot_be_is_told_in_words(folder: Path, words: tuple[str, ...], code: int, said: str) -> None:
    assert folder
    done = run("monitor", *words)

    assert done.code == code
    assert said in done.err
