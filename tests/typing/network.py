"""What a test author's editor and mypy know of a device's network: never run, only checked."""

from pathlib import Path
from typing import assert_type

from pytest_virtualpytest import Device
from pytest_virtualpytest.traffic import Fetch, Interface, Lookup, Ping, Throughput


def test_measurements(stb: Device) -> None:
    assert_type(stb.network.ping("192.0.2.1", count=3), Ping)
    assert_type(stb.network.ping("192.0.2.1").loss, float)
    assert_type(stb.network.resolve("example.com", "AAAA").answers, tuple[str, ...])
    assert_type(stb.network.resolve("example.com"), Lookup)
    assert_type(stb.network.fetch("http://192.0.2.1/"), Fetch)
    assert_type(stb.network.throughput("192.0.2.1", direction="up").retransmits, int | None)
    assert_type(stb.network.throughput("192.0.2.1"), Throughput)
    assert_type(stb.network.interface(), Interface)
    assert_type(stb.network.interface().speed, float | None)
    stb.network.throughput("192.0.2.1", direction="sideways")  # type: ignore[arg-type]
    stb.network.ping("192.0.2.1", 3)  # type: ignore[call-arg]


def test_impairments(stb: Device) -> None:
    with stb.network.impaired(bandwidth="2 Mbit/s", latency=0.08, jitter="20 ms", loss="1 %"), stb.network.outage():
        stb.network.impair(latency="1 s")
    stb.network.restore()
    stb.network.impair("1 s")  # type: ignore[call-arg]


def test_captures(stb: Device) -> None:
    with stb.network.capture("dns", only="udp port 53") as capture:
        stb.network.resolve("example.com")
    assert_type(capture.packets, int)
    assert_type(capture.traffic.pcap, bytes)
    assert_type(capture.save("dns.pcap"), Path)
