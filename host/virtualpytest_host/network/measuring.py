"""Measurements by the system's own programs and dnspython: ping, DNS, HTTP, throughput, the interface's state."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

from pytest_virtualpytest.exceptions import DeviceError
from pytest_virtualpytest.traffic import Counters, Fetch, Interface, Lookup, Ping, Throughput
from virtualpytest_host import needs
from virtualpytest_host.network import namespace, program, words

_SUMMARY = re.compile(r"(\d+) packets transmitted, (\d+) received")
_TRIP = re.compile(r"icmp_seq=\d+ ttl=\d+ time=([\d.]+) ms$", re.MULTILINE)
_COMMAND_SECONDS = 5.0
_BUSY_SECONDS = 0.2  # between two looks at a server that serves somebody else
_CURL = ("-q", "-sS", "-o", "/dev/null", "--globoff", "--proto", "=http,https", "--noproxy", "*")


class Measuring:
    """What a network controller measures in its namespace; *timeout* is for one answer."""

    interface: str
    namespace: str
    timeout: float

    def ping(self, host: str, count: int, interval: float, /) -> Ping:
        """Send *count* echo requests to *host*, one each *interval* seconds."""
        name = words.host(host)
        if count < 1:
            raise DeviceError(f"ping {name}: count is {count}; wanted 1 or more")
        line = ["ping", "-n", "-c", str(count), "-i", f"{interval:g}", "-W", f"{self.timeout:g}", "--", name]
        done = program.run(line, count * interval + 2 * self.timeout, self.namespace, f"ping {name}")
        summary = _SUMMARY.search(done.stdout)
        if summary is None:
            raise DeviceError(f"ping {name}: {program.reason(done)}")
        times = tuple(float(one) / 1000 for one in _TRIP.findall(done.stdout))
        return Ping(name, int(summary[1]), int(summary[2]), times)

    def resolve(self, name: str, kind: str, server: str, /) -> Lookup:
        """Ask *server*, or the namespace's first one where that is empty, for *kind* of records of *name*."""
        with needs.host_extra("the network controller"):
            import dns.exception
            import dns.message
            import dns.query
        try:
            question = dns.message.make_query(name, kind)
        except (dns.exception.DNSException, ValueError) as error:
            raise DeviceError(f"no DNS question {name!r} {kind!r}: {error}; wanted 'example.com' 'A'") from error
        asked = words.host(server) if server else _resolver(self.namespace)
        began = time.perf_counter()
        try:
            with namespace.entered(self.namespace):
                answer, _ = dns.query.udp_with_fallback(question, asked, timeout=self.timeout)
        except (dns.exception.DNSException, OSError, ValueError) as error:
            raise DeviceError(f"DNS server {asked}: {_complaint(error, name, self.timeout)}") from error
        seconds = time.perf_counter() - began
        wanted = [group for group in answer.answer if group.rdtype == question.question[0].rdtype]
        return Lookup(name, kind, asked, _code(answer), tuple(str(one) for group in wanted for one in group), seconds)

    def fetch(self, url: str, verify: bool, /) -> Fetch:
        """Get *url* and time each step; redirects are not followed, *verify* is whether TLS must be trusted."""
        address = words.url(url)
        options = [*_CURL, "--max-time", f"{self.timeout:g}", *([] if verify else ["-k"])]
        line = ["curl", *options, "-w", "%{json}", "--url", address]
        done = program.run(line, self.timeout + _COMMAND_SECONDS, self.namespace, f"GET {address}")
        if done.returncode:
            raise DeviceError(f"GET {address}: {re.sub(r'^curl: ', '', program.reason(done))}")
        return _fetched(address, json.loads(done.stdout))

    def throughput(self, server: str, down: bool, seconds: int, port: int, udp: float, /) -> Throughput:
        """Move data for *seconds* with the iperf3 server at *server*; at *udp* bits a second by UDP, 0 by TCP."""
        name, way = words.host(server), ["-R"] if down else []
        if seconds < 1 or udp < 0:
            raise DeviceError(f"iperf3 with {name}: {seconds} s at {udp:g} bit/s; wanted 1 s or more, and 0 or more")
        paced = ["-u", "-b", f"{udp:.0f}"] if udp else []
        told = self._iperf(name, seconds, ["-p", str(int(port)), "-t", str(int(seconds)), *way, *paced])
        if "error" in told or not told.get("end"):
            why = told.get("error", "no result")
            raise DeviceError(f"iperf3 with {name}: {why}; does `iperf3 -s -p {port}` run there?")
        return _moved(name, down, told["end"])

    def _iperf(self, name: str, seconds: int, options: list[str]) -> dict[str, Any]:
        """Return what iperf3 tells; a server that is busy with somebody else is waited for."""
        line = ["iperf3", "-J", "-c", name, f"--connect-timeout={self.timeout * 1000:.0f}", *options]
        end = time.monotonic() + self.timeout
        while True:
            done = program.run(line, seconds + 2 * self.timeout, self.namespace, f"iperf3 with {name}")
            try:
                told = dict(json.loads(done.stdout))
            except ValueError:
                return {"error": program.reason(done)}
            if "busy" not in told.get("error", "") or time.monotonic() > end:
                return told
            time.sleep(_BUSY_SECONDS)

    def state(self) -> Interface:
        """Return how the interface is now."""
        name = self.interface
        line = ["ip", "-j", "-s", "addr", "show", "dev", name]
        told = json.loads(program.checked(line, _COMMAND_SECONDS, self.namespace, f"interface {name}"))[0]
        speed = program.run(["cat", f"/sys/class/net/{name}/speed"], _COMMAND_SECONDS, self.namespace)
        return _interface(told, int(speed.stdout or -1))


def _resolver(name: str) -> str:
    """Return the first DNS server of namespace *name*."""
    import dns.resolver

    own = Path(f"/etc/netns/{name}/resolv.conf")
    place = own if name and own.exists() else Path("/etc/resolv.conf")
    try:
        return str(dns.resolver.Resolver(str(place)).nameservers[0])
    except (dns.exception.DNSException, OSError, IndexError) as error:
        raise DeviceError(f"no DNS server is named in {place}; say server=…") from error


def _complaint(error: Exception, name: str, seconds: float) -> str:
    import dns.exception

    if isinstance(error, dns.exception.Timeout):
        return f"no answer about {name!r} within {seconds:g} s; does one run there?"
    return f"{str(error) or type(error).__name__}; wanted the address of one"


def _code(answer: Any) -> str:
    import dns.rcode

    return dns.rcode.to_text(answer.rcode())


def _fetched(url: str, told: dict[str, Any]) -> Fetch:
    found, connected, secured = (float(told[f"time_{word}"]) for word in ("namelookup", "connect", "appconnect"))
    return Fetch(
        url, int(told["http_code"]), found, connected - found, secured - connected if secured else 0.0,
        float(told["time_starttransfer"]), float(told["time_total"]), int(told["size_download"]), told["remote_ip"],
    )  # fmt: skip


def _moved(server: str, down: bool, end: dict[str, Any]) -> Throughput:
    told = end.get("sum_received") or end["sum"]
    jitter, lost = told.get("jitter_ms"), told.get("lost_percent")  # of UDP alone
    return Throughput(
        server, down, float(told["bits_per_second"]), int(told["bytes"]), float(told["seconds"]),
        end.get("sum_sent", {}).get("retransmits"),
        None if jitter is None else jitter / 1000, None if lost is None else lost / 100,
    )  # fmt: skip


def _interface(told: dict[str, Any], megabits: int) -> Interface:
    flags, stats = told["flags"], told["stats64"]
    addresses = tuple(f"{one['local']}/{one['prefixlen']}" for one in told["addr_info"])
    ways = (stats["rx"], stats["tx"])
    moved = [Counters(way["bytes"], way["packets"], way["errors"], way["dropped"]) for way in ways]
    return Interface(
        told["ifname"], "UP" in flags, "LOWER_UP" in flags, addresses, told.get("address", ""), told["mtu"],
        megabits * 1e6 if megabits > 0 else None, *moved,
    )  # fmt: skip
