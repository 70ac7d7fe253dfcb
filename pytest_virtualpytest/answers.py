"""What a device answers when it is asked itself: what a command came to, files, crashes, what is on screen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

from pytest_virtualpytest.models import Line, Region

_NOWHERE = Region(0, 0, 0, 0)


@dataclass(frozen=True)
class Output:
    """What a command on a device came to: its exit status, what it printed, and what it complained of."""

    status: int
    output: str
    errors: str = ""


@dataclass(frozen=True)
class Crash:
    """An app that ended by itself, or did not answer: *kind* is ``crash``, ``native crash`` or ``not responding``.

    *at* is when, by the device's own clock, as its log has it.
    """

    app: str
    kind: str
    reason: str = ""
    at: str = ""

    def __str__(self) -> str:
        return f"{self.app}: {self.kind}: {self.reason}"


@dataclass(frozen=True)
class Entry:
    """A file or folder of a device; *changed* is seconds since the epoch by the device's clock."""

    name: str
    size: int = 0
    changed: float = 0.0
    folder: bool = False


@dataclass(frozen=True)
class Element:
    """One part of what is on screen, as the device itself describes it; *kind* is its class there."""

    kind: str = ""
    text: str = ""
    id: str = ""
    description: str = ""
    app: str = ""
    region: Region = _NOWHERE
    enabled: bool = True
    checked: bool = False
    focused: bool = False
    children: tuple[Element, ...] = ()

    @property
    def centre(self) -> tuple[int, int]:
        """The middle of its region."""
        x, y, width, height = self.region
        return x + width // 2, y + height // 2

    @classmethod
    def from_wire(cls, data: Mapping[str, Any]) -> Self:
        """Return the element that *data* describes, with all within it."""
        children = tuple(cls.from_wire(child) for child in data["children"])
        return cls(**{**data, "region": Region(*data["region"]), "children": children})

    def to_wire(self) -> dict[str, Any]:
        """Return plain values."""
        children = [child.to_wire() for child in self.children]
        return vars(self) | {"region": list(self.region), "children": children}


class Running(Protocol):
    """A command that goes on."""

    @property
    def ended(self) -> bool:
        """Whether it has ended, and all that it printed has come."""

    def since(self, moment: float, /) -> str:
        """Return what it printed from *moment* of this host's CLOCK_MONOTONIC on."""

    def expect(self, pattern: re.Pattern[str], since: float | Line, seconds: float, /) -> Line | None:
        """Return the line in which *pattern* came first, as `Console.expect` does."""

    def close(self) -> None:
        """End it."""
