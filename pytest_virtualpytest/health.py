"""How a host is, as its agent tells it, and what is wrong with that."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import TYPE_CHECKING, Any

from pytest_virtualpytest.wire import Call

if TYPE_CHECKING:
    from pytest_virtualpytest.gateway import Gateway

FULL = 0.97  # share of a disk or a memory that leaves too little
AWRY = 1.0  # seconds that a host's clock may differ: reports of several hosts are read side by side


@dataclass(frozen=True)
class Health:
    """A host's own *facts*; its clock is *late* by so many seconds, ± *error*, against ours."""

    facts: Mapping[str, Any] = field(default_factory=dict)
    late: float = 0.0
    error: float = 0.0

    def problems(self) -> tuple[str, ...]:
        """Return what is wrong, in words."""
        here = metadata.version("virtualpytest")
        found = [f"{word} almost full" for word in ("memory", "disk") if self.facts[word] > FULL]
        if abs(self.late) > AWRY + self.error:
            found.append(f"its clock is {self.late:+.1f} s off")
        if self.facts["version"] != here:
            found.append(f"another version than here ({here})")
        return tuple(found)


def ask(gateway: Gateway) -> Health:
    """Return how the host of *gateway* is; LabFault where it does not tell."""
    asked = time.time()
    facts = gateway.call(Call("health", deadline=10)).value
    answered = time.time()
    return Health(facts, facts["clock"] - (asked + answered) / 2, (answered - asked) / 2)
