"""A link that the network controller makes worse: how bad it is then, and that it is as it was after it."""

from __future__ import annotations

import subprocess
import sys
import threading

import netns
import pytest
from netns import DEVICE, Link
from virtualpytest_host.controllers.network import Network
from virtualpytest_host.network import control, shaping
from worsened import BAD, HOLDER, complaint

from pytest_virtualpytest import traffic
from pytest_virtualpytest.traffic import Impairment


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

    found = network.ping(DEVICE, 8, 0.3)

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
    assert not link.untouched()

    assert network.impair(None) == bad

    assert link.untouched()


def test_one_impairment_takes_the_place_of_another(link: Link, network: Network) -> None:
    for bad, other in zip(BAD, [None, *BAD], strict=False):
        assert network.impair(bad) == other

    network.close()

    assert link.untouched()


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
    assert link.untouched()


@pytest.mark.parametrize("bad", [BAD[1], BAD[2], Impairment(latency=0.0000011), Impairment(loss=0.001)], ids=str)
def test_kernel_that_has_netem_could_do_what_is_asked_of_it(link: Link, bad: Impairment) -> None:
    """What is wrong with a command tc says itself, before it asks the kernel."""
    wrong = None
    try:
        shaping.shape(control.Control("link0", link.host), bad)
    except control.Unsupported as error:
        wrong = error.message

    assert wrong in {None, "interface link0: Error: Specified qdisc kind is unknown. (tc qdisc replace)"}
    assert link.qdiscs() == ([] if wrong else ["netem", "clsact"])


def test_what_is_under_way_when_the_link_is_restored_arrives(link: Link, network: Network) -> None:
    network.ping(DEVICE, 1, 0.1)
    network.impair(Impairment(latency=30.0))
    asking = subprocess.Popen(["ip", "netns", "exec", link.host, "ping", "-c", "1", "-W", "30", DEVICE])
    threading.Event().wait(1.0)  # its request is under way then; were it later, it would arrive all the more
    network.impair(None)

    assert asking.wait(20) == 0


def test_link_that_is_no_ethernet_is_told(link: Link) -> None:
    message = complaint(lambda: Network("lo", link.host).impair(Impairment(latency=0.01)))

    assert message == "interface lo is no Ethernet (loopback); latency and loss need a kernel with netem there"
    assert link.untouched()


@pytest.mark.parametrize("how", ["late", "paced"])
def test_account_that_may_not_is_told_so(link: Link, how: str) -> None:
    less = ["ip", "netns", "exec", link.host, "setpriv", "--bounding-set=-net_admin"]
    done = subprocess.run(
        [*less, sys.executable, "-c", HOLDER, "", how],
        check=False, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip

    assert done.stderr.splitlines()[-1].endswith("not permitted; run the host's agent as root (tc qdisc replace)")
    assert link.untouched()
