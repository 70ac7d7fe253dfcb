"""A link that the network controller makes worse: how bad it is then, and that it is well again whatever happens."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import netns
import pytest
from netns import DEVICE, Link
from until import until
from virtualpytest_host.controllers.network import Network
from virtualpytest_host.network import control, guard

from pytest_virtualpytest import traffic
from pytest_virtualpytest.exceptions import DeviceError
from pytest_virtualpytest.traffic import Impairment

BAD = [Impairment(bandwidth=5e6), Impairment(latency=0.01, jitter=0.005, loss=0.1, bandwidth=5e6), Impairment(loss=1.0)]
HOLDER = """
import sys, time
from virtualpytest_host.controllers.network import Network
from pytest_virtualpytest.traffic import Impairment
network = Network("link0", sys.argv[1])
network.open()
network.impair(Impairment(latency=0.01) if sys.argv[2] == "late" else Impairment(bandwidth=5e6))
print("bad", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def link() -> Iterator[Link]:
    """Give a link."""
    netns.needed("ping", "iperf3")
    with netns.link() as link:
        yield link


@pytest.fixture
def network(link: Link) -> Iterator[Network]:
    """Give an open controller of it."""
    network = Network(link.interface, link.host, timeout=2.0)
    network.open()
    yield network
    network.close()


def clean(link: Link) -> bool:
    """Tell whether the host's end is as it was made, and nobody is at work there."""
    return link.qdiscs() == [] and link.interfaces() == {"lo", "link0"} and link.processes() == set()


def complaint(action: Callable[[], object]) -> str:
    with pytest.raises(DeviceError) as caught:
        action()
    assert "\n" not in caught.value.message
    return caught.value.message


def holder(link: Link, how: str) -> subprocess.Popen[bytes]:
    """Start a process that makes the link bad until it ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, link.host, how], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"bad\n"
    return process


def test_it_has_what_the_capability_wants() -> None:
    assert isinstance(Network("eth1"), traffic.Impairs)


@pytest.mark.parametrize("down", [True, False], ids=["down", "up"])
@pytest.mark.parametrize("latency", [0.0, 0.005], ids=["paced", "late too"])
def test_bandwidth_is_what_is_asked_for_each_way(link: Link, network: Network, down: bool, latency: float) -> None:
    with netns.iperf(link):
        network.impair(Impairment(bandwidth=4e6, latency=latency))
        found = network.throughput(DEVICE, down, 3, 5201, 0)

    assert 1e6 < found.rate < 4.4e6


def test_latency_is_added_each_way(network: Network) -> None:
    network.impair(Impairment(latency=0.05))

    found = network.ping(DEVICE, 5, 0.1)

    assert found.loss == 0
    assert 0.1 <= found.minimum < 0.2


def test_jitter_varies_the_latency(network: Network) -> None:
    network.ping(DEVICE, 1, 0.1)
    network.impair(Impairment(latency=0.1, jitter=0.1))

    found = network.ping(DEVICE, 10, 0.5)

    assert found.loss == 0
    assert found.maximum - found.minimum > 0.02


def test_loss_is_what_is_asked_for_each_way(network: Network) -> None:
    network.ping(DEVICE, 1, 0.1)  # its hardware address is known from here on
    network.impair(Impairment(loss=0.2))

    found = network.ping(DEVICE, 300, 0.005)

    assert found.loss == pytest.approx(1 - 0.8**2, abs=0.14)  # five times what chance makes of it


def test_nothing_comes_through_an_outage_and_all_does_after_it(network: Network) -> None:
    network.ping(DEVICE, 1, 0.1)  # its hardware address is known from here on
    network.impair(Impairment(loss=1.0))
    during = network.ping(DEVICE, 3, 0.1)
    network.impair(None)
    after = network.ping(DEVICE, 3, 0.1)

    assert (during.loss, after.loss) == (1.0, 0.0)


@pytest.mark.parametrize("bad", BAD, ids=str)
def test_link_is_as_it_was_once_it_is_restored(link: Link, network: Network, bad: Impairment) -> None:
    assert network.impair(bad) is None
    assert not clean(link)

    assert network.impair(None) == bad

    assert clean(link)


def test_one_impairment_takes_the_place_of_another(link: Link, network: Network) -> None:
    for bad, other in zip(BAD, [None, *BAD], strict=False):
        assert network.impair(bad) == other

    network.close()

    assert clean(link)


@pytest.mark.parametrize("how", ["late", "paced"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
def test_link_is_as_it_was_when_the_process_that_impairs_it_is_killed(
    link: Link, how: str, number: signal.Signals
) -> None:
    with holder(link, how) as process:
        assert not clean(link)
        process.send_signal(number)

    until(lambda: clean(link))


def test_link_is_as_it_was_when_the_guardian_is_asked_to_end(link: Link, network: Network) -> None:
    network.impair(BAD[1])
    for pid in link.processes():
        os.kill(pid, signal.SIGTERM)

    until(lambda: clean(link))


def test_guardian_that_is_killed_is_told_and_the_link_is_as_it_was(link: Link, network: Network) -> None:
    network.impair(BAD[1])
    for pid in link.processes():
        os.kill(pid, signal.SIGKILL)
    until(lambda: link.processes() == set())

    message = complaint(lambda: network.impair(None))

    assert message == f"interface link0: the process that made it {BAD[1]} was killed meanwhile"
    assert clean(link)
    assert network.ping(DEVICE, 3, 0.1).loss == 0


@pytest.mark.parametrize("how", ["late", "paced"])
def test_next_use_removes_what_two_deaths_at_once_have_left(link: Link, how: str) -> None:
    with holder(link, how) as process:
        for pid in [*link.processes(), process.pid]:
            os.kill(pid, signal.SIGKILL)
    until(lambda: link.processes() == set())
    assert not clean(link)

    network = Network(link.interface, link.host)
    network.open()
    network.close()

    assert clean(link)


def test_next_use_waits_for_a_guardian_that_is_about_to_end(link: Link) -> None:
    with holder(link, "late") as process:
        [guardian] = link.processes()
        os.kill(guardian, signal.SIGSTOP)
        process.kill()
    network = Network(link.interface, link.host)
    waking = subprocess.Popen(["sh", "-c", f"sleep 0.5; kill -CONT {guardian}"])
    began = time.monotonic()

    network.open()

    assert waking.wait() == 0
    assert time.monotonic() - began > 0.4
    assert clean(link)


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
    assert clean(link)


def test_queue_of_somebody_elses_is_refused_and_left_alone(link: Link, network: Network) -> None:
    link.on(link.host, "tc", "qdisc", "add", "dev", "link0", "root", "handle", "1:", "htb")

    message = complaint(lambda: network.impair(BAD[0]))

    assert message == (
        "interface link0 has a queue of somebody else's, htb 1:; remove it: tc qdisc del dev link0 root"
    )
    assert link.qdiscs() == ["htb"]


def test_filters_of_somebody_elses_are_left_alone(link: Link, network: Network) -> None:
    other = ["pref", "7", "protocol", "all", "bpf", "bytecode", "1,6 0 0 0", "flowid", ":1"]
    link.on(link.host, "tc", "qdisc", "add", "dev", "link0", "clsact")
    link.on(link.host, "tc", "filter", "add", "dev", "link0", "ingress", *other)

    network.impair(BAD[1])
    network.impair(None)

    assert link.qdiscs() == ["clsact"]
    assert "pref 7" in link.on(link.host, "tc", "filter", "show", "dev", "link0", "ingress")


def test_kernel_that_can_neither_pace_nor_mirror_is_an_error_that_leaves_nothing(
    link: Link, network: Network
) -> None:
    message = complaint(lambda: control.Control("link0", link.host).queue("link0", "no-such-queue"))

    assert message == "interface link0: Error: Specified qdisc kind is unknown. (tc qdisc replace)"
    assert clean(link)


def test_link_that_goes_away_meanwhile_is_no_trouble_at_the_end(link: Link, network: Network) -> None:
    network.impair(BAD[1])
    link.on(link.device, "ip", "link", "del", "dev0")

    network.close()

    assert link.processes() == set()


@pytest.mark.parametrize("how", ["late", "paced"])
def test_account_that_may_not_is_told_so(link: Link, how: str) -> None:
    less = ["ip", "netns", "exec", link.host, "setpriv", "--bounding-set=-net_admin"]
    done = subprocess.run(
        [*less, sys.executable, "-c", HOLDER, "", how],
        check=False, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip

    assert done.stderr.splitlines()[-1].endswith("not permitted; run the host's agent as root (tc qdisc replace)")
    assert clean(link)
