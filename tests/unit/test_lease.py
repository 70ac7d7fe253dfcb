"""Locks on what devices are made of: held by a process, freed by the kernel."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from virtualpytest_host import lease, state

from pytest_virtualpytest.exceptions import LeaseError

HOLDER = {"user": "ben", "run": "4f6b", "test": "test_zap"}
_HOLD = """
import sys
from virtualpytest_host import lease
held = lease.take(sys.argv[1:], {"user": "ben", "run": "4f6b", "test": "test_zap"})
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def own_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VPT_STATE", str(tmp_path))


@pytest.fixture
def hold() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Give a function that starts a process which holds resources."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*resources: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", _HOLD, *resources], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def lock(resource: str) -> Path:
    return state.folder("locks") / resource.replace("/", "%2F").replace(":", "%3A")


def age(resource: str, seconds: float = 60) -> None:
    """Make the last heartbeat of the holder of *resource* older."""
    past = time.time() - seconds
    os.utime(lock(resource), (past, past))


def test_second_taker_is_told_who_holds_what() -> None:
    held = lease.take(["/dev/video0"], {**HOLDER, "since": time.time() - 12})

    with pytest.raises(LeaseError) as caught:
        lease.take(["/dev/video0"], {"user": "ann"})

    assert str(caught.value) == "held by ben, run 4f6b, test_zap, 12 s"
    assert caught.value.details["held"] is True
    assert caught.value.details["resource"] == "/dev/video0"
    assert caught.value.details["holder"]["user"] == "ben"
    held.release()


def test_released_lease_can_be_taken_with_a_higher_token() -> None:
    first = lease.take(["relay:1"], HOLDER)
    first.release()

    second = lease.take(["relay:1"], HOLDER)

    assert second.token == first.token + 1
    second.release()


def test_released_lock_names_no_holder() -> None:
    held = lease.take(["relay:1"], HOLDER)

    held.release()

    assert json.loads(lock("relay:1").read_text()) == {"token": held.token}


def test_all_or_none_are_taken() -> None:
    held = lease.take(["b"], HOLDER)

    with pytest.raises(LeaseError, match="held by ben"):
        lease.take(["a", "b", "c"], {"user": "ann"})
    lease.take(["a", "c"], HOLDER).release()

    held.release()


def test_killed_holder_frees_its_lock_at_once(hold: Callable[..., subprocess.Popen[bytes]]) -> None:
    process = hold("/dev/video0")

    process.kill()
    process.wait()

    lease.take(["/dev/video0"], HOLDER).release()


def test_token_of_an_earlier_lease_is_refused() -> None:
    first = lease.take(["relay:1"], HOLDER)
    first.release()
    second = lease.take(["relay:1"], HOLDER)

    with pytest.raises(LeaseError) as caught:
        second.check(first.token)

    assert str(caught.value) == "the lease has passed to somebody else (token 1, now 2)"
    second.check(second.token)
    second.release()


@pytest.mark.parametrize("replaced", [False, True])
def test_removed_lock_file_ends_the_lease(replaced: bool) -> None:
    held = lease.take(["relay:1"], HOLDER)

    lock("relay:1").unlink()
    if replaced:
        lock("relay:1").write_text("{}")

    with pytest.raises(LeaseError, match=r"the lock file .*relay%3A1 was removed or replaced"):
        held.check(held.token)
    held.release()


def test_damaged_lock_file_can_be_taken() -> None:
    lock("relay:1").write_text("{half")

    held = lease.take(["relay:1"], HOLDER)

    held.check(held.token)
    held.release()


def test_stopped_holder_without_heartbeat_is_ended(hold: Callable[..., subprocess.Popen[bytes]]) -> None:
    process = hold("relay:1")
    process.send_signal(signal.SIGSTOP)
    os.waitpid(process.pid, os.WUNTRACED)
    age("relay:1")

    lease.take(["relay:1"], HOLDER).release()

    assert process.wait(10) == -signal.SIGKILL


def test_stopped_holder_whose_client_was_just_heard_is_left_alone(
    hold: Callable[..., subprocess.Popen[bytes]],
) -> None:
    process = hold("relay:1")
    process.send_signal(signal.SIGSTOP)
    os.waitpid(process.pid, os.WUNTRACED)

    with pytest.raises(LeaseError, match="held by ben"):
        lease.take(["relay:1"], {"user": "ann"})

    assert process.poll() is None


def test_running_holder_is_left_alone_however_quiet(hold: Callable[..., subprocess.Popen[bytes]]) -> None:
    process = hold("relay:1")
    age("relay:1")

    with pytest.raises(LeaseError, match="held by ben"):
        lease.take(["relay:1"], {"user": "ann"})

    assert process.poll() is None


def test_other_process_with_a_holders_number_is_left_alone(hold: Callable[..., subprocess.Popen[bytes]]) -> None:
    process = hold("relay:1")
    record = json.loads(lock("relay:1").read_text())
    lock("relay:1").write_text(json.dumps({**record, "agent": {"pid": process.pid, "started": "1"}}))
    process.send_signal(signal.SIGSTOP)
    os.waitpid(process.pid, os.WUNTRACED)
    age("relay:1")

    with pytest.raises(LeaseError, match="held by ben"):
        lease.take(["relay:1"], {"user": "ann"})

    assert process.poll() is None


def test_heartbeat_is_kept_in_the_lock_file() -> None:
    held = lease.take(["relay:1"], HOLDER)
    age("relay:1")

    held.beat()

    assert time.time() - lock("relay:1").stat().st_mtime < 30
    held.release()


def test_lock_in_a_shared_folder_is_open_to_its_group() -> None:
    state.folder("locks").chmod(0o2770)

    held = lease.take(["relay:1"], HOLDER)

    assert stat.S_IMODE(lock("relay:1").stat().st_mode) == 0o660
    held.release()


def test_lock_in_a_private_folder_is_not() -> None:
    held = lease.take(["relay:1"], HOLDER)

    assert stat.S_IMODE(lock("relay:1").stat().st_mode) == 0o600
    held.release()


def test_holder_is_told_while_the_lock_is_held(hold: Callable[..., subprocess.Popen[bytes]]) -> None:
    process = hold("relay:1")

    told = lease.holder(["relay:0", "relay:1"])

    assert told == HOLDER
    assert process.poll() is None


def test_killed_holder_is_no_holder(hold: Callable[..., subprocess.Popen[bytes]]) -> None:
    process = hold("relay:1")
    process.kill()
    process.wait()

    told = lease.holder(["relay:1"])

    assert told is None


def test_released_lock_has_no_holder() -> None:
    lease.take(["relay:1"], HOLDER).release()

    told = lease.holder(["relay:1"])

    assert told is None


def test_ended_holder_that_nobody_has_asked_for_is_no_holder(hold: Callable[..., subprocess.Popen[bytes]]) -> None:
    process = hold("relay:1")
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it stays a zombie

    told = lease.holder(["relay:1"])

    assert told is None


def test_call_with_the_token_of_an_ended_lease_is_told_who_has_it_now() -> None:
    lease.take(["relay:1"], HOLDER).release()
    held = lease.take(["relay:1"], HOLDER)

    refusal = lease.passed(["relay:1"], 1)

    assert str(refusal) == (
        "it is not leased with token 1 any more: held by ben, run 4f6b, test_zap, 0 s; lease it anew"
    )
    held.release()


def test_call_with_the_token_of_an_ended_lease_is_told_that_the_device_is_free() -> None:
    lease.take(["relay:1"], HOLDER).release()

    refusal = lease.passed(["relay:1"], 1)

    assert str(refusal) == "it is not leased with token 1 any more: nobody holds it; lease it anew"
