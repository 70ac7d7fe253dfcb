"""Waiting for a device: in turn, over several hosts and devices, and without a trace when it ends."""

from __future__ import annotations

import contextlib
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bench import Host, SshHost
from relay import Relay
from until import until
from virtualpytest_host import tickets

from pytest_virtualpytest import config
from pytest_virtualpytest.device import Device
from pytest_virtualpytest.exceptions import HostError, LeaseError
from pytest_virtualpytest.gateway import Gateway
from pytest_virtualpytest.lab import Lab
from pytest_virtualpytest.needs import Need
from pytest_virtualpytest.wire import Call

LAB = """
[hosts.here]
[hosts.there]
[devices.box1]
kind = "stb"
host = "here"
resources = ["waiting:1"]
[devices.box2]
kind = "stb"
host = "there"
resources = ["waiting:2"]
[devices.card]
kind = "account"
host = "here"
resources = ["waiting:card"]
"""
_HOLD = """
import sys
from pathlib import Path
from pytest_virtualpytest import config
from pytest_virtualpytest.exceptions import LabFault
from pytest_virtualpytest.lab import Lab
def tell(line):
    print(line, flush=True)
lab = Lab(config.load([Path(sys.argv[1])]), waiting=lambda line: tell("waits"))
with lab.lease(device="box1") as device:
    tell("holds")
    sys.stdin.readline()
    try:
        device.link.call("mark", {"text": "x"})
    except LabFault as error:
        tell(f"{type(error).__name__}: {error}")
"""
BOX1, BOX2, ANY = Need("box1", name="box1"), Need("box2", name="box2"), Need("stb", "stb")


class Person:
    """A client with agents of its own, whose thread takes devices when told."""

    def __init__(self, path: Path, name: str) -> None:
        self.lines: queue.Queue[str] = queue.Queue()
        self.lab = Lab(config.load([path]), holder={"user": name}, waiting=self.lines.put)
        self._had: queue.Queue[list[Device] | BaseException] = queue.Queue()

    def hold(self, *needs: Need) -> list[Device]:
        """Take devices that are free."""
        return self.lab.take(needs, timeout=0)

    def wait(self, *needs: Need, timeout: float | None = None) -> str:
        """Take devices that are not free, in a thread; return what is told meanwhile."""
        threading.Thread(target=self._take, args=(needs, timeout), daemon=True).start()
        return self.lines.get(timeout=20)

    def had(self) -> list[str]:
        """Return the names of the devices that were waited for, once they are had."""
        got = self._had.get(timeout=20)
        assert not isinstance(got, BaseException), got
        return [device.name for device in got]

    @property
    def waits(self) -> bool:
        """Whether nothing is had yet."""
        time.sleep(0.5)
        return self._had.empty()

    def drop(self) -> None:
        """Give everything back."""
        for device in list(self.lab._held.values()):
            self.lab.give_back(device)

    def _take(self, needs: tuple[Need, ...], timeout: float | None) -> None:
        try:
            self._had.put(self.lab.take(needs, timeout=timeout))
        except LeaseError as error:
            self._had.put(error)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a lab of two hosts, in a state folder of its own."""
    monkeypatch.setenv("VPT_STATE", str(tmp_path / "state"))
    path = tmp_path / "lab.toml"
    path.write_text(LAB)
    return path


@pytest.fixture
def person(lab: Path) -> Iterator[Callable[[str], Person]]:
    """Give a function that makes a client of that name."""
    with contextlib.ExitStack() as stack:

        def make(name: str) -> Person:
            made = Person(lab, name)
            stack.callback(made.lab.close)
            return made

        yield make


@contextlib.contextmanager
def holding(lab: Path) -> Iterator[subprocess.Popen[str]]:
    """Start a process that takes box1, waits for a line, and then calls it."""
    command = [sys.executable, "-c", _HOLD, str(lab)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def in_line(*resources: str) -> list[str]:
    return [waiter["user"] for waiter in tickets.ahead(resources)]


def test_those_who_wait_have_it_in_the_order_in_which_they_came(person: Callable[[str], Person]) -> None:
    ann, *others = [person(name) for name in ("ann", "ben", "cat", "dan")]
    ann.hold(BOX1)

    lines = [other.wait(BOX1) for other in others]
    for one, following in zip([ann, *others], others, strict=False):
        one.drop()
        assert following.had() == ["box1"]

    assert [re.sub(r"\d+ s", "N s", line) for line in lines] == [
        "waiting for box1 (held by ann, N s)",
        "waiting for box1 (held by ann, N s; 2nd in line)",
        "waiting for box1 (held by ann, N s; 3rd in line)",
    ]


def test_freed_device_is_had_by_the_next_at_once(person: Callable[[str], Person]) -> None:
    ann, ben = person("ann"), person("ben")
    ann.hold(BOX1)
    ben.wait(BOX1)
    assert ben.waits

    begin = time.monotonic()
    ann.drop()
    ben.had()

    assert time.monotonic() - begin < 0.5


def test_one_who_comes_later_does_not_have_it_before(person: Callable[[str], Person]) -> None:
    ann, ben, cat = (person(name) for name in ("ann", "ben", "cat"))
    ann.hold(BOX1)
    ann.hold(BOX2)
    ben.wait(BOX1, BOX2)
    ann.lab.give_back(ann.lab._held["box1"])

    line = cat.wait(BOX1)

    assert line.startswith("waiting for box1 (kept for ben, ")
    assert line.endswith(" s; 2nd in line)")
    ann.drop()
    assert ben.had() == ["box1", "box2"]
    ben.drop()
    assert cat.had() == ["box1"]


def test_two_who_want_the_same_two_in_other_orders_both_have_them(person: Callable[[str], Person]) -> None:
    ann, ben, cat = (person(name) for name in ("ann", "ben", "cat"))
    ann.hold(BOX1, BOX2)
    ben.wait(BOX1, BOX2)
    cat.wait(BOX2, BOX1)

    ann.drop()

    assert ben.had() == ["box1", "box2"]
    ben.drop()
    assert cat.had() == ["box2", "box1"]


def test_one_who_waits_for_any_leaves_the_other_lines(person: Callable[[str], Person]) -> None:
    ann, ben = person("ann"), person("ben")
    ann.hold(BOX1, BOX2)
    ben.wait(ANY)
    assert in_line("waiting:1") == in_line("waiting:2") == ["ben"]

    ann.lab.give_back(ann.lab._held["box2"])

    assert ben.had() == ["box2"]
    assert in_line("waiting:1", "waiting:2") == []


def test_one_who_gives_up_leaves_the_line(person: Callable[[str], Person]) -> None:
    ann, ben = person("ann"), person("ben")
    ann.hold(BOX1)
    ben.wait(BOX1, timeout=0.3)

    with pytest.raises(AssertionError, match=r"no device within 0\.3 s: waiting for box1 \(held by ann, "):
        ben.had()

    assert in_line("waiting:1") == []


def test_no_time_to_wait_is_no_place_in_line(person: Callable[[str], Person]) -> None:
    ann, ben = person("ann"), person("ben")
    ann.hold(BOX1)

    with pytest.raises(LeaseError, match=r"no device within 0 s: waiting for box1 \(held by ann, ") as caught:
        ben.hold(BOX1)

    assert str(caught.value.details["busy"]).startswith("held by ann, ")
    assert ben.lines.empty()
    assert in_line("waiting:1") == []


def test_one_who_holds_a_device_passes_those_who_wait_for_it_and_more(person: Callable[[str], Person]) -> None:
    ann, ben = person("ann"), person("ben")
    ann.hold(BOX1)
    ben.wait(BOX1, BOX2)

    held = ann.hold(BOX2)

    assert held[0].name == "box2"
    assert ben.waits
    ann.drop()
    assert ben.had() == ["box1", "box2"]


def test_device_held_by_the_same_process_is_not_waited_for(person: Callable[[str], Person]) -> None:
    ann = person("ann")
    ann.hold(BOX1)

    with pytest.raises(LeaseError, match="box1 is held by this test process itself, in a wider scope"):
        ann.lab.take([BOX1])


def test_device_without_controllers_is_leased_and_waited_for(person: Callable[[str], Person]) -> None:
    card = Need("card", "account")
    ann, ben = person("ann"), person("ben")
    ann.hold(card)

    line = ben.wait(card)
    ann.drop()

    assert line.startswith("waiting for account (held by ann, ")
    assert ben.had() == ["card"]


def test_holder_is_recorded_with_all_that_others_ask(person: Callable[[str], Person]) -> None:
    ann = person("ann")
    [device] = ann.lab.take([BOX1], test="test_zap.py::test_zap")

    told = device.link.gateway.call(Call("holder", "box1")).value["holder"]

    assert {word: told[word] for word in ("user", "kind", "test")} == {
        "user": "ann", "kind": "run", "test": "test_zap.py::test_zap",
    }  # fmt: skip
    assert set(told) == {"user", "machine", "pid", "kind", "test", "since", "device"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_waiter_that_is_ended_leaves_nothing(lab: Path, person: Callable[[str], Person], number: int) -> None:
    ann = person("ann")
    ann.hold(BOX1)
    with holding(lab) as waiter:
        assert said(waiter) == "waits"
        assert len(in_line("waiting:1")) == 1

        waiter.send_signal(number)
        waiter.wait(20)

    until(lambda: in_line("waiting:1") == [], 2)
    assert list((lab.parent / "state" / "locks" / "waiting%3A1@queue").iterdir()) == []


def test_killed_holder_hands_over_at_once(lab: Path, person: Callable[[str], Person]) -> None:
    ben = person("ben")
    with holding(lab) as holder:
        assert said(holder) == "holds"
        ben.wait(BOX1)
        begin = time.monotonic()

        holder.kill()
        ben.had()

    assert time.monotonic() - begin < 1


def test_stopped_and_vanished_lose_lease_and_place_within_15_s(
    lab: Path, person: Callable[[str], Person], ssh_host: SshHost, tmp_path: Path
) -> None:
    """The process that holds is stopped, the one before us in line is, and the machine of another holder vanishes."""
    with contextlib.ExitStack() as stack:
        relay = stack.enter_context(Relay(ssh_host.server.port))
        direct = _ssh_lab(tmp_path / "direct.toml", ssh_host, ssh_host.server.config)
        vanishing = _ssh_lab(
            tmp_path / "vanishing.toml", ssh_host, ssh_host.server.client(tmp_path / "config", relay.port)
        )
        stopped = stack.enter_context(holding(lab))
        assert said(stopped) == "holds"
        before = stack.enter_context(holding(lab))
        assert said(before) == "waits"
        gone = stack.enter_context(holding(vanishing))
        assert said(gone) == "holds"
        near, far = person("ben"), Person(direct, "cat")
        stack.callback(far.lab.close)
        assert near.wait(BOX1).endswith("; 2nd in line)")
        far.wait(BOX1)

        begin = time.monotonic()
        relay.pause()
        for process in (stopped, before):
            process.send_signal(signal.SIGSTOP)
        assert near.had() == far.had() == ["box1"]
        took = time.monotonic() - begin

        stopped.send_signal(signal.SIGCONT)
        refusals = [_next_call(process) for process in (stopped, gone)]
    assert took < 15
    assert all(line.startswith("HostError: ") for line in refusals), refusals


def test_command_with_the_token_of_a_lost_lease_is_refused(person: Callable[[str], Person]) -> None:
    ann, ben = person("ann"), person("ben")
    [device] = ann.hold(BOX1)
    token = device.link.token
    ann.drop()
    ben.hold(BOX1)
    device.link.token = token

    with pytest.raises(LeaseError, match=r"it is not leased with token \d+ any more: held by ben, "):
        device.link.call("mark", {"text": "x"})


def test_command_with_an_older_token_of_ones_own_is_refused(person: Callable[[str], Person]) -> None:
    ann = person("ann")
    [old] = ann.hold(BOX1)
    token = old.link.token
    ann.drop()
    [new] = ann.hold(BOX1)
    old.link.token = token

    with pytest.raises(LeaseError, match=r"the lease has passed to somebody else \(token \d+, now \d+\)"):
        old.link.call("mark", {"text": "x"})

    assert new.link.token != token


def test_older_host_that_keeps_no_lines_is_only_tried() -> None:
    gateway = Gateway(Host())
    gateway.protocol = 1

    told = gateway.queue(["box1"], "01764039603400000000-9f3ac01b", {"user": "ann"})
    gateway.withdraw("01764039603400000000-9f3ac01b")

    assert told == {"box1": {"held": False, "holder": None, "place": 1, "next": None}}


def test_host_that_is_lost_while_waiting_names_what_cannot_be_had(person: Callable[[str], Person]) -> None:
    ann, ben = person("ann"), person("ben")
    ann.hold(BOX1, BOX2)
    lost: queue.Queue[HostError] = queue.Queue()

    def wait() -> None:
        try:
            ben.lab.take([ANY])
        except HostError as error:
            lost.put(error)

    threading.Thread(target=wait, daemon=True).start()
    ben.lines.get(timeout=20)
    agent = ben.lab._gateways.of("there").facts["pid"]
    subprocess.run(["kill", "-9", str(agent)], check=True)

    assert lost.get(timeout=20).details["devices"] == ["box2"]
    assert in_line("waiting:1", "waiting:2") == []


def _ssh_lab(path: Path, host: SshHost, settings: Path) -> Path:
    path.write_text(
        f'[hosts.far]\ngateway = "{host.host.gateway}"\npython = "{host.python}"\nssh_config = "{settings}"\n'
        '[devices.box1]\nkind = "stb"\nhost = "far"\nresources = ["waiting:far"]\n'
    )
    return path


def _next_call(process: subprocess.Popen[str]) -> str:
    """Let a process that held a device call it, and return what it says of that."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return said(process)
