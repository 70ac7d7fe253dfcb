"""How a virtual box comes, is shared, and goes."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from boxes import Bench, alive, running
from stopping import stop
from until import until
from virtualpytest_host import state, virtual
from virtualpytest_host.virtual import life

from pytest_virtualpytest.exceptions import DeviceError

_USE = """
import sys
from virtualpytest_host import virtual
use = virtual.attach("stb", sys.argv[1])
print(use.controllers[0]["settings"]["source"], flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _short_lives(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("VPT_LINGER", "0.5")
    _stop_all()  # one that another test's users have left may live on for a while
    yield
    _stop_all()


def _stop_all() -> None:
    for name in virtual.running():
        virtual.stop(name)
    until(lambda: boxes() == [])


def boxes() -> list[int]:
    """Return the processes of every box of this run, by what the system says."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            words = path.read_bytes().split(b"\0")
            pid = int(path.parent.name)
            if b"virtualpytest_host.virtual.box" in words and str(state.folder()).encode() in b" ".join(words):
                found += [pid] if alive(pid) else []
    return found


@contextlib.contextmanager
def users(name: str, count: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Start processes that use the box *name*, all at once."""
    with contextlib.ExitStack() as stack:
        yield [
            stack.enter_context(
                subprocess.Popen(
                    [sys.executable, "-c", _USE, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            )
            for _ in range(count)
        ]


def source(user: subprocess.Popen[str]) -> str:
    assert user.stdout
    return user.stdout.readline()


def test_users_who_come_at_once_share_one_box() -> None:
    with users("shared", 5) as several:
        sources = {source(user) for user in several}

        assert len(sources) == 1
        assert "http://127.0.0.1:" in sources.pop()
        assert boxes() == [Bench("shared").state["pid"]]


def test_box_ends_a_while_after_its_last_user() -> None:
    with users("shared", 2) as (first, last):
        source(first), source(last)
        pid = Bench("shared").state["pid"]
        first.kill()
        first.wait()
        begin = time.monotonic()
        until(lambda: time.monotonic() - begin > 1)
        assert alive(pid)
        last.kill()  # as rudely as may be

    begin = time.monotonic()
    until(lambda: not alive(pid))

    assert time.monotonic() - begin > 0.2
    assert "shared" not in virtual.running()


def test_user_who_comes_before_the_end_keeps_the_box() -> None:
    virtual.attach("stb", "shared").close()
    pid = Bench("shared").state["pid"]

    with contextlib.closing(virtual.attach("stb", "shared")):
        begin = time.monotonic()
        until(lambda: time.monotonic() - begin > 1)

        assert alive(pid)
        assert Bench("shared").state["pid"] == pid


def test_box_that_was_killed_is_started_again_at_once() -> None:
    pids = set()

    for _ in range(2):
        with contextlib.closing(virtual.attach("stb", "mortal")):
            pids.add(Bench("mortal").state["pid"])
            assert Bench("mortal").screen() == "live:0"
        os.kill(Bench("mortal").state["pid"], signal.SIGKILL)

    assert len(pids) == 2


def test_box_that_neither_answers_nor_ends_is_named_with_its_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life, "_ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(life, "_END_SECONDS", 0.3)
    with running("stopped") as box:
        pid = box.state["pid"]
        stop(pid)

        with pytest.raises(DeviceError) as caught:
            virtual.attach("stb", "stopped")
        os.kill(pid, signal.SIGCONT)

    assert str(caught.value) == (
        f"virtual device 'stopped' does not answer and did not end within 0.3 s; it is process {pid}: kill -KILL {pid}"
    )


def test_pinned_box_stays_until_it_is_stopped() -> None:
    virtual.pin("stb", "pinned")
    begin = time.monotonic()
    until(lambda: time.monotonic() - begin > 1)
    pids = boxes()

    stopped = [virtual.stop("pinned"), virtual.stop("pinned")]

    assert len(pids) == 1
    assert stopped == [True, False]


def test_stopped_box_leaves_no_process_and_no_port() -> None:
    with running("brief") as box:
        ports = list(box.state["ports"].values())
        pid = box.state["pid"]

    until(lambda: not alive(pid))
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=5)


def test_box_is_nobodys_child() -> None:
    with running("orphan") as box:
        stat = Path(f"/proc/{box.state['pid']}/stat").read_text().rpartition(")")[2].split()

    assert int(stat[1]) != os.getpid()


def test_boxes_of_several_names_live_side_by_side() -> None:
    with running("left/right"), running("../up"), running("b o x"):
        assert virtual.running() == ["../up", "b o x", "left/right"]
        assert len(boxes()) == 3
        assert {path.name for path in state.folder("virtual").iterdir()} >= {"..%2Fup", "b%20o%20x"}


def test_looking_at_what_runs_disturbs_nobody() -> None:
    looking = [sys.executable, "-c", "from virtualpytest_host import virtual\nwhile True: virtual.running()"]
    virtual.attach("stb", "watched").close()
    virtual.stop("watched")
    with subprocess.Popen(looking) as looker:
        try:
            for _ in range(2):
                with running("watched") as box:
                    assert box.screen() == "live:0"
        finally:
            looker.kill()


def test_box_that_cannot_start_says_why() -> None:
    with pytest.raises(DeviceError) as caught:
        virtual.attach("stb", "odd", ["--fps", "many"])

    log = life.folder("odd") / "box.log"
    assert str(caught.value) == (
        "virtual device 'odd' did not start: python -m virtualpytest_host.virtual.box: "
        f"error: argument --fps: invalid int value: 'many' (log: {log})"
    )
    until(lambda: boxes() == [])


def test_unknown_kind_lists_those_there_are() -> None:
    with pytest.raises(DeviceError, match=r"^unknown kind of virtual device 'tardis'; known: stb, phone, desktop$"):
        virtual.attach("tardis", "x")


def test_kind_that_cannot_be_pinned_leaves_no_pin() -> None:
    with pytest.raises(DeviceError):
        virtual.pin("tardis", "unpinned")

    assert not (life.folder("unpinned") / "pinned").exists()
