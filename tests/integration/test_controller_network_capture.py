"""What goes over a link, as the network controller keeps it: all of it, once, within bounds, and no longer."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import netns
import pytest
from netns import DEVICE, HOST, Link
from until import until
from virtualpytest_host import state
from virtualpytest_host.controllers.network import Network
from virtualpytest_host.network import pcap, program
from worsened import complaint

from pytest_virtualpytest import traffic
from pytest_virtualpytest.traffic import Impairment, Traffic

EVER = float("inf")
HOLDER = """
import sys
from virtualpytest_host.controllers.network import Network
network = Network("link0", sys.argv[1])
network.open()
network.captured(0, 0, "")
print("open", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def network(link: Link) -> Iterator[Network]:
    """Give an open controller of it."""
    network = Network(link.interface, link.host, timeout=2.0)
    network.open()
    yield network
    network.close()


def read(found: Traffic | None) -> list[str]:
    """Return a line for each packet, as tcpdump tells of it."""
    assert found is not None
    words = ["tcpdump", "-n", "-t", "-r", "-"]
    done = subprocess.run(words, input=found.pcap, capture_output=True, check=True, timeout=30)
    lines = done.stdout.decode().splitlines()
    assert len(lines) == found.packets
    return lines


def echoes(found: Traffic | None) -> list[str]:
    return [line for line in read(found) if "ICMP echo" in line]


def test_it_has_what_the_capability_wants() -> None:
    assert isinstance(Network("eth1"), traffic.Captures)


def test_all_that_was_sent_and_received_is_there_at_once(network: Network) -> None:
    begin = time.monotonic()
    network.ping(DEVICE, 3, 0.05)

    found = echoes(network.captured(begin, EVER, ""))

    assert [line.partition(" >")[0] for line in found] == [f"IP {HOST}", f"IP {DEVICE}"] * 3


def test_only_what_went_within_the_time_is_there(network: Network) -> None:
    network.ping(DEVICE, 2, 0.05)
    begin = time.monotonic()
    network.ping(DEVICE, 1, 0.05)
    end = time.monotonic()
    network.ping(DEVICE, 2, 0.05)

    assert len(echoes(network.captured(begin, end, ""))) == 2
    assert network.captured(EVER, EVER, "") == Traffic(network.captured(EVER, EVER, "").pcap, 0, True)


def test_filter_leaves_out_what_it_is_not_true_of(network: Network) -> None:
    network.ping(DEVICE, 2, 0.05)

    found = read(network.captured(0, EVER, f"icmp and src {DEVICE}"))

    assert [line.partition(",")[0] for line in found] == [f"IP {DEVICE} > {HOST}: ICMP echo reply"] * 2


@pytest.mark.parametrize("only", ["port", "-w /tmp/x", "$(id)", "icmp; id", "a\0b"])
def test_filter_that_is_none_is_an_error(network: Network, only: str) -> None:
    assert complaint(lambda: network.captured(0, EVER, only)).startswith(f"filter {only!r}: ")


@pytest.mark.parametrize("bad", [Impairment(latency=0.02), Impairment(bandwidth=5e6)], ids=str)
def test_each_packet_is_there_once_though_the_link_is_bad(network: Network, bad: Impairment) -> None:
    network.ping(DEVICE, 1, 0.05)
    network.impair(bad)
    begin = time.monotonic()
    network.ping(DEVICE, 3, 0.1)

    assert len(echoes(network.captured(begin, EVER, ""))) == 6


def test_record_is_bounded_keeps_the_newest_and_says_that_it_is_not_whole(link: Link) -> None:
    network = Network(link.interface, link.host, record=4)
    network.open()
    link.on(link.host, "ping", "-q", "-i", "0.01", "-s", "20000", "-c", "200", DEVICE)  # 8 MB
    begin = time.monotonic()
    network.ping(DEVICE, 1, 0.05)

    kept, newest = network.captured(0, EVER, ""), network.captured(begin, EVER, "")
    network.close()

    assert kept is not None
    assert 2e6 < len(kept.pcap) < 5e6
    assert not kept.whole
    assert len(echoes(newest)) == 2


def test_nothing_is_left_when_it_is_closed(link: Link, network: Network) -> None:
    assert len(link.processes()) == 1

    network.close()

    assert link.processes() == set()
    assert list(state.folder("traffic").iterdir()) == []


def test_record_ends_with_the_process_and_the_next_one_removes_what_is_left(link: Link) -> None:
    words = [sys.executable, "-c", HOLDER, link.host]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"open\n"
        assert len(link.processes()) == 1
        process.kill()
    until(lambda: link.processes() == set())
    assert len(list(state.folder("traffic").iterdir())) == 1

    network = Network(link.interface, link.host)
    network.open()
    network.close()

    assert list(state.folder("traffic").iterdir()) == []


def test_tcpdump_that_is_killed_is_told_and_runs_again_at_the_next_opening(link: Link, network: Network) -> None:
    for pid in link.processes():
        os.kill(pid, signal.SIGKILL)
    until(lambda: link.processes() == set())

    message = complaint(lambda: network.captured(0, EVER, ""))
    network.close()
    network.open()

    assert message == "tcpdump has ended: it was killed"
    assert network.captured(0, EVER, "") is not None


def test_tcpdump_that_hangs_does_not_keep_what_it_has_written(link: Link, network: Network) -> None:
    network.ping(DEVICE, 2, 0.05)
    until(lambda: len(echoes(network.captured(0, EVER, ""))) == 4)
    for pid in link.processes():
        os.kill(pid, signal.SIGSTOP)

    found = echoes(network.captured(0, EVER, ""))

    assert len(found) == 4


def test_tcpdump_that_is_missing_is_told_when_traffic_is_asked_for(
    link: Link, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("ip", "tc", "cat"):
        (tmp_path / name).symlink_to(shutil.which(name, path=netns.PATH) or "")
    network = Network(link.interface, link.host)
    monkeypatch.setattr(program, "_PATH", str(tmp_path))
    network.open()

    message = complaint(lambda: network.captured(0, EVER, ""))
    network.close()

    assert message == (
        "interface link0: its traffic is not recorded: tcpdump is not installed on this host: apt-get install tcpdump"
    )


def test_nothing_runs_where_nothing_is_to_be_kept(link: Link) -> None:
    network = Network(link.interface, link.host, record=0)
    network.open()

    assert link.processes() == set()
    assert network.captured(0, EVER, "") is None


def test_file_that_is_just_written_gives_what_is_whole() -> None:
    packet = pcap.Packet(1.5, b"".join(number.to_bytes(4, sys.byteorder) for number in (1, 500_000, 4, 4)) + b"abcd")
    whole = pcap.file([packet, packet])

    assert list(pcap.packets(whole)) == [packet, packet]
    assert [len(list(pcap.packets(whole[:size]))) for size in (0, 23, 24, 43, 44, 60, 63)] == [0, 0, 0, 0, 1, 1, 1]
    assert list(pcap.packets(b"junk" + whole)) == []
