"""What a test does with a device's network: it measures it, keeps its traffic, and makes the link worse."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from pytest_virtualpytest import quantities
from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.link import Link
from pytest_virtualpytest.traffic import Fetch, Impairment, Interface, Lookup, Ping, Throughput, Traffic

Quantity: TypeAlias = "float | str"

_ANSWERS = 60.0  # seconds that a host may be configured to wait for one, twice
_CAPTURING = 60.0  # seconds for a busy host to look through what it has recorded
_IMPAIRING = 40.0  # seconds for a busy host to change a link


class Capture:
    """Traffic that is captured; *traffic* is there once the `with` block has ended."""

    traffic: Traffic

    @property
    def packets(self) -> int:
        """How many packets there were."""
        return self.traffic.packets

    def save(self, path: str | Path) -> Path:
        """Write them to *path*, as pcap, and return it."""
        path = Path(path)
        path.write_bytes(self.traffic.pcap)
        return path


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
        if "@" in urlsplit(url).netloc:
            host = urlsplit(url).hostname
            raise VirtualPytestError(f"fetch: the address of {host!r} carries an account, which would be shown")
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

    @contextmanager
    def impaired(
        self, *, bandwidth: Quantity | None = None, latency: Quantity = 0, jitter: Quantity = 0, loss: Quantity = 0
    ) -> Iterator[None]:
        """Have the link so bad while the block runs, each way: ``bandwidth="2 Mbit/s", latency="80 ms", loss="1 %"``.

        Plain numbers are bits a second, seconds, and fractions of 1. Within another such block, this one counts alone.
        """
        __tracebackhide__ = True
        with self._impaired(_impairment(bandwidth, latency, jitter, loss)):
            yield

    @contextmanager
    def outage(self) -> Iterator[None]:
        """Have no packet come through while the block runs, though the cable is in."""
        __tracebackhide__ = True
        with self._impaired(Impairment(loss=1.0)):
            yield

    def impair(
        self, *, bandwidth: Quantity | None = None, latency: Quantity = 0, jitter: Quantity = 0, loss: Quantity = 0
    ) -> None:
        """Make the link so bad for the rest of the test, or until :meth:`restore`."""
        __tracebackhide__ = True
        wanted = _impairment(bandwidth, latency, jitter, loss)
        with self._link.step(f"impair: {wanted}"):
            before = self._set(wanted)
            self._link.undo.append(lambda: self._set(before))

    def restore(self) -> None:
        """Let the link be as it is by itself."""
        __tracebackhide__ = True
        with self._link.step("restore the link"):
            self._set(None)

    @contextmanager
    def capture(self, name: str = "traffic", *, only: str = "") -> Iterator[Capture]:
        """Keep what goes over the link while the block runs, under *name* in the report.

        *only* is an expression of pcap-filter(7): ``"udp port 53"``. The newest megabytes are kept, see the lab file.
        """
        __tracebackhide__ = True
        capture = Capture()
        with self._link.step(f"capture {name}", {"only": only or None}):
            begin = self._link.call("network.capture", {"only": only}, seconds=_CAPTURING).value
            try:
                yield capture
            finally:
                args = {"begin": begin, "only": only}
                reply = self._link.call("network.captured", args, seconds=_CAPTURING)
                capture.traffic = Traffic(bytes(reply.blobs[0]), **reply.value)
                self._link.report.attach(name, capture.traffic.pcap, "pcap")

    @contextmanager
    def _impaired(self, wanted: Impairment) -> Iterator[None]:
        __tracebackhide__ = True
        with self._link.step(f"impaired: {wanted}"):
            before = self._set(wanted)
            try:
                yield
            except BaseException as error:
                try:
                    self._set(before)
                except VirtualPytestError as second:
                    error.add_note(f"and meanwhile: {second}")
                raise
            self._set(before)

    def _set(self, wanted: Impairment | None) -> Impairment | None:
        """Make the link so; return how it was before."""
        __tracebackhide__ = True
        args = {"impairment": asdict(wanted) if wanted else None}
        before = self._link.call("network.impair", args, seconds=_IMPAIRING).value
        return Impairment(**before) if before else None


def _impairment(bandwidth: Quantity | None, latency: Quantity, jitter: Quantity, loss: Quantity) -> Impairment:
    return Impairment(
        None if bandwidth is None else quantities.rate(bandwidth, "bandwidth"),
        quantities.seconds(latency, "latency"), quantities.seconds(jitter, "jitter"), quantities.share(loss, "loss"),
    )  # fmt: skip
