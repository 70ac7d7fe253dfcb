"""Those who hold a device, or wait for one, and are ended, stopped or lost: nothing stays of them."""

from __future__ import annotations

import contextlib
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bench import SshHost
from persons import ANY, BOX1, BOX2, Person, in_line
from relay import Relay
from until import until

from pytest_virtualpytest.exceptions import HostError, LeaseError

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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_waiter_that_is_ended_leaves_nothing(two_hosts: Path, person: Callable[[str], Person], number: int) -> None:
    ann = person("ann")
    ann.hold(BOX1)
    with holding(two_hosts) as waiter:
        assert said(waiter) == "waits"
        assert len(in_line("waiting:1")) == 1

        waiter.send_signal(number)
        waiter.wait(20)

    until(lambda: in_line("waiting:1") == [], 2)
    assert list((two_hosts.parent / "state" / "locks" / "waiting%3A1@queue").iterdir()) == []


def test_killed_holder_hands_over_at_once(two_hosts: Path, person: Callable[[str], Person]) -> None:
    ben = person("ben")
    with holding(two_hosts) as holder:
        assert said(holder) == "holds"
        ben.wait(BOX1)
        begin = time.monotonic()

        holder.kill()
        ben.had()

    assert time.monotonic() - begin < 1


def test_stopped_and_vanished_lose_lease_and_place_within_15_s(
    two_hosts: Path, person: Callable[[str], Person], ssh_host: SshHost, tmp_path: Path
) -> None:
    """The process that holds is stopped, the one before us in line is, and the machine of another holder vanishes."""
    with contextlib.ExitStack() as stack:
        relay = stack.enter_context(Relay(ssh_host.server.port))
        direct = _ssh_lab(tmp_path / "direct.toml", ssh_host, ssh_host.server.config)
        vanishing = _ssh_lab(
            tmp_path / "vanishing.toml", ssh_host, ssh_host.server.client(tmp_path / "config", relay.port)
        )
        stopped = stack.enter_context(holding(two_hosts))
        assert said(stopped) == "holds"
        before = stack.enter_context(holding(two_hosts))
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
