"""`virtualpytest leases`, `take`, `release`: a person holds a device, and waits in the same line as test runs."""

from __future__ import annotations

import contextlib
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from bench import INSTALLED
from command import COMMAND, run
from until import until

from pytest_virtualpytest import config
from pytest_virtualpytest.gateway import Gateway, Gateways, client
from pytest_virtualpytest.wire import Call

LAB = """
[devices.relay]
kind = "stb"
[devices.relay.rack]
name = "{name}"
diary = "{diary}"
[devices.account]
kind = "account"
resources = ["account:{name}"]
"""
BEN = {"user": "ben", "machine": "desk", "pid": 1, "run": "4f6b77", "worker": "gw0", "test": "test_zap", "kind": "run"}


@pytest.fixture(autouse=True)
def diary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder with a lab; give the file in which its relay notes what it does."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(INSTALLED)
    diary = tmp_path / "diary"
    diary.touch()
    Path("lab.toml").write_text(LAB.format(name=tmp_path.name, diary=diary))
    return diary


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    """Give another client of the lab."""
    lab = config.load([Path("lab.toml")])
    with contextlib.closing(Gateways(lab.hosts)) as gateways:
        gateway = gateways.of("local")
        for device in lab.devices.values():
            gateway.attach(device.spec())
        yield gateway


@contextlib.contextmanager
def typing(*words: str) -> Iterator[subprocess.Popen[str]]:
    """Start the command with a pipe to type into."""
    pipe = subprocess.PIPE
    with subprocess.Popen([*COMMAND, *words], stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def tell(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def table(out: str) -> list[str]:
    return [" ".join(line.split()) for line in out.splitlines()]


def test_leases_show_holders_and_who_waits_in_order(gateway: Gateway) -> None:
    gateway.lease("relay", BEN)
    for number, user in enumerate(["ann", "cat"]):
        gateway.queue(["relay"], f"{number:020d}-00000000", {"user": user, "run": "77ab12"})

    done = run("leases")

    assert (done.code, done.err) == (0, "")
    assert table(done.out) == [
        "DEVICE HOLDER RUN TEST SINCE WAITING",
        "relay ben@desk 4f6b test_zap - 1 ann, run 77ab; 2 cat, run 77ab",
        "account free - - - -",
    ]


def test_leases_of_a_host_that_cannot_be_reached() -> None:
    Path("lab.toml").write_text('[hosts.gone]\npython = "/nowhere/python"\n[devices.x]\nkind = "x"\nhost = "gone"')

    done = run("leases")

    assert done.code == 10
    assert "LOST: host 'gone': cannot run '/nowhere/python'" in done.out


def test_taken_device_is_shown_with_its_person(gateway: Gateway) -> None:
    with typing("take", "account") as process:
        assert answer(process) == "account: yours until `release` or 10 min without input; see `help`\n"

        shown = table(run("leases").out)[2]
        told = gateway.call(Call("holder", "account")).value["holder"]

    assert " virtualpytest take " in shown
    assert shown.endswith(" s -")
    assert told["kind"] == "person"
    assert told["pid"] == process.pid
    assert set(told) == {"user", "machine", "pid", "kind", "test", "since", "device"}


def test_typed_keys_are_pressed_and_the_rest_is_done(diary: Path) -> None:
    with typing("take", "relay") as process:
        out, err = process.communicate("HOME DOWN\npower cycle\nhelp\n\nOK", timeout=30)

    assert (process.returncode, err) == (0, "")
    assert [line.split(":")[0] for line in out.splitlines()[1:4]] == ["HOME", "DOWN", "power cycle"]
    assert "shot FILE            save a picture of the screen as PNG" in out
    assert out.splitlines()[-1] == "relay: given back"
    assert [line for line in diary.read_text().splitlines() if "press" in line] == [
        "press HOME",
        "press DOWN",
        "press OK",
    ]


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("FAIL", "device 'relay' on host 'local': ValueError: no signal on HDMI 1"),
        ("shot", "shot needs a file to write to: shot screen.png"),
        ("shot x.png", "device 'relay' has no 'screen', only power, remote"),
        ("power up", "power needs one of: on, off, cycle"),
    ],
)
def test_what_goes_wrong_is_told_and_the_device_kept(line: str, complaint: str) -> None:
    with typing("take", "relay") as process:
        tell(process, line)
        tell(process, "OK")
        until(lambda: answer(process).startswith("OK: took "))
        out, err = process.communicate(f"{line}\nrelease\nOK\n", timeout=30)

    assert err.splitlines() == [complaint, complaint]
    assert out == "relay: given back\n"
    assert process.returncode == 1


def test_device_is_given_back_when_nothing_is_typed(gateway: Gateway) -> None:
    with typing("take", "relay", "--idle", "0.5s") as process:
        assert answer(process)
        last = answer(process)
        code = process.wait(20)

    assert last == "relay: given back: nothing was typed for 0.5 s\n"
    assert code == 0
    assert gateway.lease("relay", {"user": "ann"})


def test_device_in_use_is_refused_with_who_has_it(gateway: Gateway) -> None:
    gateway.lease("relay", BEN)

    done = run("take", "relay")

    assert (done.code, done.out) == (10, "")
    assert done.err == "device 'relay' is held by ben, run 4f6b, test_zap; --wait waits for it\n"


def test_device_in_use_is_waited_for_in_line(gateway: Gateway) -> None:
    gateway.lease("relay", BEN)
    with typing("take", "relay", "--wait") as process:
        assert process.stderr is not None
        waiting = process.stderr.readline()

        gateway.release("relay")
        got = answer(process)

    assert waiting == "waiting for relay (held by ben, run 4f6b, test_zap)\n"
    assert got.startswith("relay: yours until")


def test_person_at_the_prompt_hears_who_waits(gateway: Gateway) -> None:
    with typing("take", "relay") as process:
        assert answer(process)

        gateway.queue(["relay"], f"{7:020d}-00000000", BEN)

        assert process.stderr is not None
        assert process.stderr.readline() == "ben, run 4f6b, test_zap, waits for relay\n"


def test_prompt_on_a_terminal_ends_with_control_d() -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen([*COMMAND, "take", "relay"], stdin=theirs, stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        said = _read_until(ours, b"relay> ")
        os.write(ours, b"OK\n")
        said += _read_until(ours, b"relay> ")
        os.write(ours, b"\x04")
        said += _read_until(ours, b"given back")
        code = process.wait(20)
    os.close(ours)

    assert code == 0
    assert b"OK: took " in said


def test_interrupted_take_leaves_nothing(gateway: Gateway) -> None:
    with typing("take", "relay") as process:
        assert answer(process)

        process.send_signal(signal.SIGINT)
        code = process.wait(20)

    assert code == 130
    assert gateway.lease("relay", {"user": "ann"})


def test_release_ends_ones_own_take(gateway: Gateway) -> None:
    with typing("take", "relay") as process:
        assert answer(process)

        done = run("release", "relay")

        assert (done.code, done.out, done.err) == (0, "relay: given back\n", "")
        assert gateway.lease("relay", {"user": "ann"})
        assert answer(process) == "relay: given back: this process was asked to end\n"
        assert process.wait(20) == 0


def test_release_of_a_free_device_has_nothing_to_do() -> None:
    done = run("release", "relay")

    assert (done.code, done.out) == (0, "relay: is free\n")


@pytest.mark.parametrize("kind", ["run", "person"])
def test_release_of_what_somebody_else_holds_says_who(gateway: Gateway, kind: str) -> None:
    gateway.lease("relay", {**BEN, "kind": kind})

    done = run("release", "relay")

    assert (done.code, done.out) == (1, "")
    assert done.err == "relay: held by ben, run 4f6b, test_zap on desk; not by a `take` of yours here\n"


def test_release_signals_no_other_process_of_that_number(gateway: Gateway) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        gateway.lease("relay", {**client(), "pid": other.pid, "kind": "person"})

        done = run("release", "relay")

        assert done.code == 1
        assert other.poll() is None


@pytest.mark.parametrize("idle", ["0", "soon", "-5m"])
def test_idle_time_that_is_none_is_refused(idle: str) -> None:
    done = run("take", "relay", f"--idle={idle}")

    assert done.code == 2
    assert f"{idle!r} is no time; write 90s, 10m or 1h" in done.err


def test_run_hands_its_device_over_between_two_tests(diary: Path) -> None:
    Path("pytest.ini").write_text("[pytest]")
    Path("test_two.py").write_text(
        "import time\n"
        "from pathlib import Path\n"
        "def test_one(stb):\n"
        "    stb.remote.press('ONE')\n"
        "    while not Path('go').exists(): time.sleep(0.01)\n"
        "def test_two(stb): stb.remote.press('TWO')\n"
    )
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as tests:
        until(lambda: "ONE" in diary.read_text())
        with typing("take", "relay", "--wait") as person:
            assert person.stderr is not None
            waiting = person.stderr.readline()

            Path("go").touch()
            assert answer(person).startswith("relay: yours")
            tell(person, "PERSON")
            assert answer(person).startswith("PERSON: took")
            tell(person, "release")
        out = tests.communicate(timeout=60)[0]

    assert "test_two.py::test_one, " in waiting
    assert "waiting for stb (" in out  # held by the person already, or kept for them
    assert "virtualpytest take, " in out
    assert "2 passed" in out
    assert [line for line in diary.read_text().splitlines() if "press" in line] == [
        "press ONE", "press PERSON", "press TWO",
    ]  # fmt: skip


def _read_until(descriptor: int, wanted: bytes) -> bytes:
    said = b""
    while wanted not in said:
        said += os.read(descriptor, 1000)
    return said
