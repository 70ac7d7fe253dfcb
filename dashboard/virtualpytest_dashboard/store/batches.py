"""Pieces of long work, each small enough to be written at once."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

_BATCH = 500


def batches(names: Iterable[str]) -> list[list[str]]:
    """Return *names* in order, in pieces."""
    ordered = sorted(names)
    return [ordered[first : first + _BATCH] for first in range(0, len(ordered), _BATCH)]


def from_anywhere(found: list[list[str]]) -> Iterator[list[str]]:
    """Yield the batches *found*, beginning with any: who reads the same ones meanwhile begins elsewhere."""
    first = random.randrange(len(found)) if found else 0
    return (found[(first + at) % len(found)] for at in range(len(found)))
