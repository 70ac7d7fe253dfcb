"""The adb controller with every mishap between it and a virtual phone."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import pytest
from peer import free_port
from phones import Phone, complaint, opened, running
from until import until
from virtualpytest_host import virtual
from virtualpytest_host.controllers.adb import Adb


def sockets() -> int:
    """Return how many connections this process has."""
    found = 0
    for path in Path("/proc/self/fd").iterdir():
        with contextlib.suppress(OSError):
            found += "socket:" in os.readlink(path)  # noqa: PTH115  # it leads nowhere
    return found


def test_phone_that_does_not_know_the_key_says_what_to_do(phone: Phone, own_key: Path) -> None:
    phone.fault("reject")
    adb, begin = Adb(phone.address, own_key, timeout=0.5), time.monotonic()

    message = complaint(adb.open)
    phone.clear()

    assert f"it does not know the key {own_key}: allow it on the device's screen" in message
    assert time.monotonic() - begin < 3


def test_refused_connection_names_the_address(own_key: Path) -> None:
    port = free_port()

    message = complaint(Adb(f"127.0.0.1:{port}", own_key).open)

    assert message == f"127.0.0.1:{port}: Connection refused at connecting; is it on, and ADB allowed?"


def test_hung_phone_is_told_within_the_deadline_and_answers_again_once_it_is_well(phone: Phone, adb: Adb) -> None:
    phone.fault("hang")
    begin, before = time.monotonic(), sockets()

    message = complaint(lambda: adb.run("true", 0.5))
    took = time.monotonic() - begin
    phone.clear()

    assert message == f"{phone.address}: no answer to 'true' within 0.5 s; is the device well?"
    assert 0.5 <= took < 1.5
    assert adb.run("echo again", 5).output == "again\n"
    assert sockets() <= before


def test_slow_phone_is_waited_for(phone: Phone, adb: Adb) -> None:
    phone.fault("slow", amount=0.4)
    begin = time.monotonic()

    assert adb.run("echo late", 5).output == "late\n"
    assert time.monotonic() - begin >= 0.4


def test_command_that_takes_longer_than_a_connection_may_is_waited_for(phone: Phone, own_key: Path) -> None:
    with opened(phone, own_key, timeout=0.5) as adb:
        assert adb.run("sleep 1; echo done", 5).output == "done\n"


@pytest.mark.parametrize("action", ["push", "pull"])
def test_connection_lost_in_mid_transfer_is_told_and_the_next_call_works(phone: Phone, adb: Adb, action: str) -> None:
    content = os.urandom(3_000_000)
    adb.push(content, "/sdcard/long")
    phone.fault("drop")
    begin, before = time.monotonic(), sockets()

    message = complaint(lambda: adb.push(content, "/sdcard/lost") if action == "push" else adb.pull("/sdcard/long"))
    phone.clear()

    assert message.startswith(f"{phone.address}: ")
    assert "; is it on, and ADB allowed?" in message
    assert time.monotonic() - begin < 3
    assert adb.pull("/sdcard/long") == content
    assert sockets() <= before


def test_refusing_phone_is_told_and_is_used_again_once_it_does_not(phone: Phone, adb: Adb) -> None:
    phone.fault("refuse")
    until(lambda: not adb.connection._transport.alive())

    assert "Connection refused" in complaint(lambda: adb.run("true", 5))
    phone.clear()

    assert adb.run("echo again", 5).output == "again\n"


def test_killed_phone_is_told_and_the_next_one_is_used(own_key: Path) -> None:
    with running("mortal phone") as phone, opened(phone, own_key) as adb:
        os.kill(phone.state["pid"], 9)
        begin = time.monotonic()

        message = complaint(lambda: adb.run("true", 5))

        assert time.monotonic() - begin < 2
        assert message.startswith(f"{phone.address}: ")
        virtual.attach("phone", "mortal phone").close()
        with opened(phone, own_key) as again:
            assert again.run("echo again", 5).output == "again\n"
