"""What a test asks of a device's network: measurements from the device's host."""

from __future__ import annotations

from typing import Literal

from pytest_virtualpytest.link import Link
from pytest_virtualpytest.traffic import Fetch, Interface, Lookup, Ping, Throughput

_ANSWERS = 60.0  # seconds that a host may be configured to wait for one, twice


class Network:
    """The network that the device is in, and the link that leads to it."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def ping(self, host: str, *, count: int = 5, interval: float = 0.2) -> Ping:
        """Send *count* echo requests to *host*, one each *interval* seconds, and return what came back."""
        __tracebackhide__ = True
        with self._link.step(f"ping {host}", {"count": count, "interval": interval}):
            args = {"host": host, "count": count, "interval": interval}
            return Ping.from_wire(self._link.call("network.ping", args, seconds=count * interval + _ANSWERS).value)

    def resolve(self, name: str, kind: str = "A", *, server: str = "") -> Lookup:
        """Ask the DNS *server*, or the host's own one, for records of *kind* of *name*; return its answer and its time.

        One question is sent, once: an answer that does not come is an error, an answer that there is none is not.
        """
        __tracebackhide__ = True
        with self._link.step(f"resolve {name}", {"kind": kind, "server": server or None}):
            args = {"name": name, "kind": kind, "server": server}
            return Lookup.from_wire(self._link.call("network.resolve", args, seconds=_ANSWERS).value)

    def fetch(self, url: str, *, verify: bool = True) -> Fetch:
        """Get *url* and return its status and the time of each step; redirects are not followed."""
        __tracebackhide__ = True
        with self._link.step(f"fetch {url}", {"verify": verify}):
            return Fetch(**self._link.call("network.fetch", {"url": url, "verify": verify}, seconds=_ANSWERS).value)

    def throughput(
        self,
        server: str,
        *,
        direction: Literal["down", "up"] = "down",
        seconds: int = 3,
        port: int = 5201,
        udp: float = 0,
    ) -> Throughput:
        """Move data with the iperf3 *server* for *seconds*, down from it or up to it; at *udp* bits a second by UDP."""
        __tracebackhide__ = True
        with self._link.step(f"throughput {direction} with {server}", {"seconds": seconds, "udp": udp or None}):
            down = {"down": True, "up": False}[direction]
            args = {"server": server, "down": down, "seconds": seconds, "port": port, "udp": udp}
            return Throughput(**self._link.call("network.throughput", args, seconds=seconds + _ANSWERS).value)

    def interface(self) -> Interface:
        """Return how the interface that leads to the device is: its addresses, carrier, speed and counters."""
        __tracebackhide__ = True
        with self._link.step("interface"):
            return Interface.from_wire(self._link.call("network.interface").value)
