"""Tickets: who waits for what, in the order in which they began to wait, and what the dead leave behind."""

from __future__ import annotations

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
from virtualpytest_host.tickets import Ticket, ahead

from pytest_virtualpytest.exceptions import LeaseError

ANN, BEN, CAT = ({"user": user} for user in ("ann", "ben", "cat"))
_WAIT = """
import sys
from virtualpytest_host.tickets import Ticket
ticket = Ticket(sys.argv[1], {"user": "ben"})
ticket.join(sys.argv[2:])
print("waits", flush=True)
sys.stdin.read()
"""
Wait = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture(autouse=True)
def own_queues(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VPT_STATE", str(tmp_path))


@pytest.fixture
def wait() -> Iterator[Wait]:
    """Give a function that starts a process which waits with a ticket for resources."""
    started: list[subprocess.Popen[bytes]] = []

    def start(moment: int, *resources: str) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-c", _WAIT, name(moment), *resources], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == b"waits\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def name(moment: int) -> str:
    """Return the name of a ticket of that *moment*."""
    return f"{moment:020d}-0123abcd"


def waiting(moment: int, waiter: dict[str, str], *resources: str) -> Ticket:
    """Return a ticket of *waiter* that is in line."""
    ticket = Ticket(name(moment), waiter)
    ticket.join(resources)
    return ticket


def line(resource: str) -> Path:
    return state.folder("locks") / f"{resource.replace(':', '%3A')}@queue"


def age(resource: str, seconds: float) -> None:
    """Make the last heartbeat of those who wait for *resource* older."""
    past = time.time() - seconds
    for path in line(resource).iterdir():
        os.utime(path, (past, past))


def test_those_who_wait_are_told_in_the_order_in_which_they_began() -> None:
    later = waiting(9, BEN, "relay:1")
    sooner = waiting(7, ANN, "relay:1")

    told = ahead(["relay:1"])

    assert told == [ANN, BEN]
    later.withdraw()
    sooner.withdraw()


def test_only_those_before_a_ticket_are_ahead_of_it() -> None:
    tickets = [waiting(7, ANN, "relay:1"), waiting(8, BEN, "relay:1"), waiting(9, CAT, "relay:1")]

    told = ahead(["relay:1"], tickets[1].name)

    assert told == [ANN]
    for ticket in tickets:
        ticket.withdraw()


def test_one_who_waits_for_several_things_is_told_once() -> None:
    ticket = waiting(7, ANN, "a", "b")

    told = ahead(["a", "b"])

    assert told == [ANN]
    ticket.withdraw()


def test_one_who_waits_for_something_else_is_not_ahead() -> None:
    ticket = waiting(7, ANN, "relay:2")

    told = ahead(["relay:1"])

    assert told == []
    ticket.withdraw()


def test_withdrawn_ticket_leaves_nothing() -> None:
    ticket = waiting(7, ANN, "a", "b")

    ticket.withdraw()

    assert ahead(["a", "b"]) == []
    assert list(line("a").iterdir()) == list(line("b").iterdir()) == []


def test_killed_waiter_is_in_no_line_and_its_ticket_is_removed(wait: Wait) -> None:
    process = wait(7, "relay:1")
    assert ahead(["relay:1"]) == [BEN]

    process.kill()
    process.wait()

    assert ahead(["relay:1"]) == []
    assert list(line("relay:1").iterdir()) == []


def test_stopped_waiter_does_not_count_once_it_is_silent(wait: Wait) -> None:
    process = wait(7, "relay:1")
    process.send_signal(signal.SIGSTOP)
    os.waitpid(process.pid, os.WUNTRACED)
    assert ahead(["relay:1"]) == [BEN]

    age("relay:1", 13)

    assert ahead(["relay:1"]) == []


def test_silent_waiter_has_its_place_again_with_its_next_heartbeat() -> None:
    ticket = waiting(7, ANN, "relay:1")
    age("relay:1", 13)
    assert ahead(["relay:1"]) == []

    ticket.beat()

    assert ahead(["relay:1"]) == [ANN]
    ticket.withdraw()


def test_removed_ticket_is_put_back_in_its_place() -> None:
    ticket = waiting(7, ANN, "relay:1")
    (line("relay:1") / ticket.name).unlink()
    assert ahead(["relay:1"]) == []

    ticket.join(["relay:1"])

    assert ahead(["relay:1"]) == [ANN]
    ticket.withdraw()


@pytest.mark.parametrize("bad", ["../locks/relay", "7-0123abcd", name(7) + "/x"])
def test_name_that_is_none_is_refused(bad: str) -> None:
    with pytest.raises(LeaseError, match="is no name of a ticket: 20 digits, a hyphen and 8 hexadecimal digits are"):
        Ticket(bad, ANN)


def test_ticket_in_a_shared_folder_is_open_to_its_group() -> None:
    state.folder("locks").chmod(0o2770)

    ticket = waiting(7, ANN, "relay:1")

    assert stat.S_IMODE(line("relay:1").stat().st_mode) == 0o2770
    assert stat.S_IMODE((line("relay:1") / ticket.name).stat().st_mode) == 0o660
    ticket.withdraw()


def test_free_device_is_kept_for_who_is_first_in_line() -> None:
    tickets = [waiting(7, ANN, "relay:1"), waiting(8, BEN, "relay:1")]

    with pytest.raises(LeaseError) as caught:
        lease.take(["relay:1"], CAT)

    assert str(caught.value) == "kept for ann, 0 s"
    assert caught.value.details == {"held": True, "kept": True, "holder": ANN, "place": 3}
    for ticket in tickets:
        ticket.withdraw()


def test_first_in_line_takes_the_device_and_the_second_does_not() -> None:
    first, second = waiting(7, ANN, "relay:1"), waiting(8, BEN, "relay:1")

    with pytest.raises(LeaseError, match="kept for ann"):
        lease.take(["relay:1"], BEN, ticket=second.name)
    held = lease.take(["relay:1"], ANN, ticket=first.name)

    held.release()
    first.withdraw()
    second.withdraw()


def test_one_who_holds_a_device_already_passes_the_line() -> None:
    ticket = waiting(7, ANN, "relay:1")

    held = lease.take(["relay:1"], BEN, passes=True)

    held.release()
    ticket.withdraw()


def test_refused_for_the_line_holds_no_lock() -> None:
    ticket = waiting(7, ANN, "b")

    with pytest.raises(LeaseError, match="kept for ann"):
        lease.take(["a", "b"], BEN)

    lease.take(["a"], CAT).release()
    ticket.withdraw()


def test_standing_tells_holder_place_and_who_is_next() -> None:
    held = lease.take(["relay:1"], CAT)
    first, second = waiting(7, ANN, "relay:1"), waiting(8, BEN, "relay:1")

    standings = [lease.standing(["relay:1"], ticket.name) for ticket in (first, second)]

    assert standings == [
        {"place": 1, "next": None, "holder": CAT, "held": True},
        {"place": 2, "next": ANN, "holder": CAT, "held": True},
    ]
    held.release()
    first.withdraw()
    second.withdraw()


def test_silent_holder_is_worth_a_try() -> None:
    held = lease.take(["relay:1"], CAT)
    ticket = waiting(7, ANN, "relay:1")
    past = time.time() - 6
    os.utime(state.folder("locks") / "relay%3A1", (past, past))

    standing = lease.standing(["relay:1"], ticket.name)

    assert standing["held"] is False
    held.release()
    ticket.withdraw()
