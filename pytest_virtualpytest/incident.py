"""Trouble that a device was in while it was watched, as its host keeps it and as people are told of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, Self

SORTS = ("black", "frozen", "silent", "lost")


@dataclass(frozen=True)
class Incident:
    """Trouble that a device was in; *begin* and *end* are seconds since the epoch, true within their errors.

    *what* is one of SORTS. *begin_error* is None where it was so when the watching began. *state* is ``open``,
    ``over``, or ``unseen``: the watching ended before it did, *end* is when it was last seen. *picture* tells whether
    one of its begin is kept. *captured* is *begin* on the host's CLOCK_MONOTONIC of that *boot*, *holder* who had the
    device then.
    """

    id: str
    device: str
    what: str
    begin: float
    begin_error: float | None = None
    end: float | None = None
    end_error: float | None = None
    state: Literal["open", "over", "unseen"] = "open"
    why: str = ""
    picture: bool = False
    holder: Mapping[str, Any] | None = None
    captured: float = 0.0
    boot: str = ""

    @property
    def seconds(self) -> float | None:
        """How long it lasted, or was seen to last; None while it goes on."""
        return None if self.end is None else max(0.0, self.end - self.begin)

    @classmethod
    def from_wire(cls, data: Mapping[str, Any]) -> Self:
        """Return the incident that *data* describes; a host of another version may tell more."""
        return cls(**{one.name: data[one.name] for one in fields(cls) if one.name in data})

    def to_wire(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)
