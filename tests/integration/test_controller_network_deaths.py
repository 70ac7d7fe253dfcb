"""A link that was made worse is as it was, whoever of those that made it so is killed or hangs."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time

import pytest
from netns import DEVICE, Link
from until import until
from virtualpytest_host.controllers.network import Network
from virtualpytest_host.network import guard
from worsened import BAD, HOLDER, complaint

from pytest_virtualpytest.traffic import Impairment


def holder(link: Link, how: str, *, awaited: bool = True) -> subprocess.Popen[bytes]:
    """Start a process that makes the link bad until it ends; it does so already, if it is *awaited*."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, link.host, how], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert not awaited or process.stdout.readline() == b"bad\n"
    return process


@pytest.mark.parametrize("how", ["late", "paced"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_link_is_as_it_was_when_the_process_that_impairs_it_is_killed(
    link: Link, how: str, number: signal.Signals
) -> None:
    with holder(link, how) as process:
        assert not link.untouched()
        process.send_signal(number)

    until(link.untouched)


def test_link_is_as_it_was_when_the_guardian_is_asked_to_end(link: Link, network: Network) -> None:
    network.impair(BAD[1])
    for pid in link.processes():
        os.kill(pid, signal.SIGTERM)

    until(link.untouched)


def test_guardian_that_is_killed_is_told_and_the_link_is_as_it_was(link: Link, network: Network) -> None:
    network.impair(BAD[1])
    for pid in link.processes():
        os.kill(pid, signal.SIGKILL)
    until(lambda: link.processes() == set())

    message = complaint(lambda: network.impair(None))

    assert message == f"interface link0: the process that made it {BAD[1]} was killed meanwhile"
    assert link.untouched()
    assert network.ping(DEVICE, 3, 0.1).loss == 0


@pytest.mark.parametrize("how", ["late", "paced"])
def test_next_use_removes_what_two_deaths_at_once_have_left(link: Link, how: str) -> None:
    with holder(link, how) as process:
        for pid in [*link.processes(), process.pid]:
            os.kill(pid, signal.SIGKILL)
    until(lambda: link.processes() == set())
    assert not link.untouched()

    network = Network(link.interface, link.host, record=0)
    network.open()
    network.close()

    assert link.untouched()


def test_next_use_waits_for_a_guardian_that_is_about_to_end(link: Link) -> None:
    with holder(link, "late") as process:
        [guardian] = link.processes()
        os.kill(guardian, signal.SIGSTOP)
        process.kill()
    network = Network(link.interface, link.host, record=0)
    waking = subprocess.Popen(["sh", "-c", f"sleep 0.5; kill -CONT {guardian}"])
    began = time.monotonic()

    network.open()

    assert waking.wait() == 0
    assert time.monotonic() - began > 0.4
    assert link.untouched()


def test_guardian_that_hangs_is_ended_and_the_link_is_as_it_was(
    link: Link, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    network.impair(BAD[1])
    for pid in link.processes():
        os.kill(pid, signal.SIGSTOP)
    monkeypatch.setattr(guard, "_SECONDS", 0.5)
    monkeypatch.setattr(guard, "_END_SECONDS", 0.5)

    message = complaint(lambda: network.impair(BAD[0]))

    assert message == "the link's guardian does not answer within 0.5 s"
    assert link.untouched()


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_link_that_goes_away_meanwhile_is_no_trouble_at_the_end(link: Link, network: Network, bad: Impairment) -> None:
    network.impair(bad)
    link.on(link.device, "ip", "link", "del", "dev0")

    network.close()

    assert link.processes() == set()
    assert link.interfaces() == {"lo"}


@pytest.mark.parametrize("rounds", [6, pytest.param(200, marks=pytest.mark.soak)])
def test_whenever_those_at_work_are_killed_the_link_is_as_it_was(link: Link, rounds: int) -> None:
    """The process alone; then it and the guardian at once, after which the next use mends the link."""
    chance = random.Random(rounds)
    for number in range(rounds):
        process = holder(link, chance.choice(["late", "paced"]), awaited=False)
        time.sleep(chance.uniform(0.1, 0.8))  # whatever they have come to by then
        both = number % 2
        for pid in [*(link.processes() if both else ()), process.pid]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.communicate()
        until(lambda: link.processes() == set())
        if both:
            next_use = Network(link.interface, link.host, record=0)
            next_use.open()
            next_use.close()

        until(link.untouched)
