"""How hosts and devices are: plain records, as pages and the API show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from pytest_virtualpytest.health import Health


@dataclass(frozen=True)
class HostState:
    """One host: *state* is ``asking`` until it has answered once; *why* it is lost, *problems* if it is not well."""

    name: str
    gateway: str
    state: Literal["asking", "up", "lost"] = "asking"
    why: str = ""
    health: Health = field(default_factory=Health)
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong with a host that is up, in words."""
        return self.health.problems() if self.state == "up" else ()

    def plain(self) -> dict[str, Any]:
        """Return this host as JSON has it: load, memory and disk are shares of 1, times are seconds."""
        known = ("machine", "version", "python", "load", "memory", "disk", "uptime")
        facts = {name: self.health.facts[name] for name in known if name in self.health.facts}
        clock = {"late": self.health.late, "error": self.health.error} if facts else None
        words = {"name": self.name, "gateway": self.gateway, "state": self.state, "why": self.why}
        return {**words, "problems": list(self.problems), **facts, "clock": clock, "details": dict(self.details)}


@dataclass(frozen=True)
class DeviceState:
    """One device: ``free`` or ``held`` by *holder*, with those *waiting* in their order; or why it is lost.

    *stream* is what its recorder sees, *no_picture* why it sees nothing.
    """

    name: str
    host: str
    kind: str
    model: str = ""
    tags: tuple[str, ...] = ()
    capabilities: tuple[str, ...] = ()
    state: Literal["asking", "free", "held", "lost"] = "asking"
    why: str = ""
    holder: Mapping[str, Any] | None = None
    waiting: tuple[Mapping[str, Any], ...] = ()
    stream: Mapping[str, Any] | None = None
    no_picture: str = ""
    keys: tuple[str, ...] = ()
    types: bool = False

    @property
    def halting(self) -> str:
        """What is wrong with a stream that comes, in words."""
        missing = (self.stream or {}).get("dropped") or 0
        frames = "1 frame is" if missing == 1 else f"{missing} frames are"
        return f"{frames} missing in the last {self.stream['seconds']:.0f} s" if self.stream and missing else ""

    def plain(self) -> dict[str, Any]:
        """Return this device as JSON has it."""
        return asdict(self)
