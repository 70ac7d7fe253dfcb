"""The capability ``network``: what a controller that gives it has, and the records of what measurements came to.

Times are seconds, rates bits a second, sizes bytes, shares fractions of 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, Self, runtime_checkable

from pytest_virtualpytest.exceptions import VirtualPytestError

_LONGEST = 60.0  # seconds of latency
_LEAST = 8e3  # bits a second: at less, a single packet takes longer than most wait for it


@dataclass(frozen=True)
class Ping:
    """Echo requests to *host*: how many were *sent* and *received*, and the round trip of each that came back.

    Times are infinite where nothing came back, so that a limit on them fails.
    """

    host: str
    sent: int
    received: int
    times: tuple[float, ...] = ()

    @property
    def loss(self) -> float:
        """The share that did not come back."""
        return 1 - self.received / self.sent if self.sent else 1.0

    @property
    def minimum(self) -> float:
        """The shortest round trip."""
        return min(self.times, default=math.inf)

    @property
    def average(self) -> float:
        """The mean round trip."""
        return sum(self.times) / len(self.times) if self.times else math.inf

    @property
    def maximum(self) -> float:
        """The longest round trip."""
        return max(self.times, default=math.inf)

    @property
    def jitter(self) -> float:
        """The mean difference between one round trip and the next; 0 of a single one."""
        steps = [abs(later - earlier) for earlier, later in zip(self.times, self.times[1:], strict=False)]
        return sum(steps) / len(steps) if steps else 0.0 if self.times else math.inf

    def __str__(self) -> str:
        times = " / ".join(f"{value * 1000:.2f}" for value in (self.minimum, self.average, self.maximum))
        return f"{self.host}: {self.received} of {self.sent}, {times} ms"

    @classmethod
    def from_wire(cls, data: Mapping[str, Any]) -> Self:
        """Return the record that *data* describes."""
        return cls(**{**data, "times": tuple(data["times"])})


@dataclass(frozen=True)
class Lookup:
    """What *server* answered to one DNS question, and in how many *seconds*: *code* is such as NOERROR, NXDOMAIN."""

    name: str
    kind: str
    server: str
    code: str
    answers: tuple[str, ...]
    seconds: float

    def __str__(self) -> str:
        found = ", ".join(self.answers) or self.code
        return f"{self.name} {self.kind}: {found} in {self.seconds * 1000:.1f} ms"

    @classmethod
    def from_wire(cls, data: Mapping[str, Any]) -> Self:
        """Return the record that *data* describes."""
        return cls(**{**data, "answers": tuple(data["answers"])})


@dataclass(frozen=True)
class Fetch:
    """One HTTP request: *dns*, *connect* and *tls* are the seconds of these steps, 0 where there was none.

    *first_byte* and *total* are counted from the beginning; *size* is the body's.
    """

    url: str
    status: int
    dns: float
    connect: float
    tls: float
    first_byte: float
    total: float
    size: int
    address: str

    def __str__(self) -> str:
        return f"{self.url}: HTTP {self.status}, {self.size} bytes in {self.total * 1000:.1f} ms"


@dataclass(frozen=True)
class Throughput:
    """What iperf3 moved *down*, from the server to here, or up: as the receiver counted it.

    *retransmits* are TCP's, where the sender tells them; *jitter* and *loss* are UDP's.
    """

    server: str
    down: bool
    rate: float
    size: int
    seconds: float
    retransmits: int | None = None
    jitter: float | None = None
    loss: float | None = None

    def __str__(self) -> str:
        way = "down" if self.down else "up"
        return f"{self.rate / 1e6:.2f} Mbit/s {way} in {self.seconds:.1f} s with {self.server}"


@dataclass(frozen=True)
class Counters:
    """What an interface has moved one way since it was made."""

    size: int
    packets: int
    errors: int
    dropped: int


@dataclass(frozen=True)
class Interface:
    """An interface as it is: switched *up* or not, with or without a *carrier*; *speed* is None where it has none."""

    name: str
    up: bool
    carrier: bool
    addresses: tuple[str, ...]
    hardware: str
    mtu: int
    speed: float | None
    received: Counters
    sent: Counters

    def __str__(self) -> str:
        state = "up" if self.up and self.carrier else "no carrier" if self.up else "down"
        return f"{self.name}: {state}, {', '.join(self.addresses) or 'no address'}"

    @classmethod
    def from_wire(cls, data: Mapping[str, Any]) -> Self:
        """Return the record that *data* describes."""
        counters = {word: Counters(**data[word]) for word in ("received", "sent")}
        return cls(**{**data, "addresses": tuple(data["addresses"]), **counters})


@dataclass(frozen=True)
class Traffic:
    """Packets as *pcap*, a file that Wireshark opens; *whole* is false where some are missing."""

    pcap: bytes = field(repr=False)
    packets: int
    whole: bool


@dataclass(frozen=True)
class Impairment:
    """How bad a link is, each way: *bandwidth* None is as it is, *latency* is one way and varies by ± *jitter*.

    *loss* is the share of packets that is lost at random; 1 is an outage.
    """

    bandwidth: float | None = None
    latency: float = 0.0
    jitter: float = 0.0
    loss: float = 0.0

    def __post_init__(self) -> None:
        if self.jitter > self.latency:
            raise VirtualPytestError(f"jitter {self.jitter:g} s is more than the latency, {self.latency:g} s")
        if not 0 <= self.loss <= 1 or not 0 <= self.latency <= _LONGEST:
            raise VirtualPytestError(f"{self} is impossible; wanted a loss of 0 to 1, a latency up to {_LONGEST:g} s")
        if self.bandwidth is not None and self.bandwidth < _LEAST:
            raise VirtualPytestError(f"bandwidth {self.bandwidth:g} bit/s is too little; the least is {_LEAST:g} bit/s")

    def __str__(self) -> str:
        if self.loss == 1:
            return "outage"
        words = [f"{self.bandwidth / 1e6:g} Mbit/s"] if self.bandwidth is not None else []
        jitter = f" ± {self.jitter * 1000:g} ms" if self.jitter else ""
        words += [f"{self.latency * 1000:g} ms{jitter}"] if self.latency else []
        words += [f"loss {self.loss * 100:g} %"] if self.loss else []
        return ", ".join(words) or "none"


@runtime_checkable
class Network(Protocol):
    """Measurements on the network that the device is in, from its host."""

    def ping(self, host: str, count: int, interval: float, /) -> Ping:
        """Send *count* echo requests to *host*, one each *interval* seconds."""

    def resolve(self, name: str, kind: str, server: str, /) -> Lookup:
        """Ask *server*, the host's own one where that is empty, for records of *kind* of *name*."""

    def fetch(self, url: str, verify: bool, /) -> Fetch:
        """Get *url* and time each step; *verify* tells whether a certificate must be trusted."""

    def throughput(self, server: str, down: bool, seconds: int, port: int, udp: float, /) -> Throughput:
        """Move data for *seconds* with the iperf3 server at *server*; by UDP at *udp* bits a second, unless 0."""

    def state(self) -> Interface:
        """Return how the interface that leads to the device is."""


@runtime_checkable
class Impairs(Protocol):
    """A controller that can make the link to the device worse."""

    def impair(self, impairment: Impairment | None, /) -> Impairment | None:
        """Make the link so bad, or as it is by itself; return how it was before.

        It is as it was once the controller is closed, and soon after its process is killed.
        """


@runtime_checkable
class Captures(Protocol):
    """A controller that writes down what goes over the link, as long as it is open."""

    def captured(self, begin: float, end: float, only: str, /) -> Traffic | None:
        """Return what went over it between two times of this host's CLOCK_MONOTONIC; None where nothing is kept.

        *only* is an expression of pcap-filter(7), or empty for everything.
        """
