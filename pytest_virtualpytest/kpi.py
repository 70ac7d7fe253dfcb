"""Courses of events as a test holds them: a transition, a change of channel, and the statistics of many."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.models import Duration, Press, Sighting


@dataclass(frozen=True)
class Transition:
    """From a key to rest: the first change of the picture, the first frame of the rest, and its proof.

    *stable* is the frame in which the rest had lasted as long as was asked for.
    """

    since: Press | Sighting
    start: Sighting
    end: Sighting
    stable: Sighting

    @property
    def begins(self) -> Duration:
        """The time from the key to the first change."""
        return self.start.after(self.since)

    @property
    def ends(self) -> Duration:
        """The time from the key to the rest."""
        return self.end.after(self.since)

    @property
    def lasts(self) -> Duration:
        """The time from the first change to the rest, exact to a frame."""
        return self.end.after(self.start)


@dataclass(frozen=True)
class Zap:
    """A change of channel: times from the key on; None is what did not happen, or was not asked for.

    *black* is when the screen turned black, *picture* when it showed the new channel, *motion* when that moved,
    *sound* when sound came back after it had gone, *banner* when the banner appeared, *total* when all was there.
    *dark* is for how long the screen was black, exact to a frame.
    """

    press: Press
    black: Duration | None
    picture: Duration
    motion: Duration | None
    sound: Duration | None
    banner: Duration | None
    dark: Duration | None

    @property
    def key(self) -> str:
        """The key that was pressed."""
        return self.press.key

    @property
    def total(self) -> Duration:
        """The time from the key until all was there."""
        return max(self._parts().values(), key=_seconds)

    @property
    def durations(self) -> Mapping[str, Duration]:
        """What happened, by name, for `measure`: black, picture, motion, sound, banner, dark, total."""
        extra = {"dark": self.dark} if self.dark else {}
        black = {"black": self.black} if self.black else {}
        return {**black, **self._parts(), **extra, "total": self.total}

    def __str__(self) -> str:
        return f"zap {self.key}: " + ", ".join(f"{name} {time}" for name, time in self.durations.items())

    def _parts(self) -> dict[str, Duration]:
        named = {"picture": self.picture, "motion": self.motion, "sound": self.sound, "banner": self.banner}
        return {name: duration for name, duration in named.items() if duration is not None}

    @classmethod
    def from_wire(cls, press: Press, data: Mapping[str, Any]) -> Self:
        """Return the change of channel that *data* describes, which followed *press*."""
        seen = {name: Sighting.from_wire(one) for name, one in data.items() if one}
        after = {name: one.after(press) for name, one in seen.items()}
        dark = seen["picture"].after(seen["black"]) if "black" in seen else None
        others = {name: after.get(name) for name in ("black", "motion", "sound", "banner")}
        return cls(press, picture=after["picture"], dark=dark, **others)


@dataclass(frozen=True)
class Series:
    """Many durations of one sort: their number *n*, median, p95 and limits, each with its error.

    p95 is a value that was measured, the smallest that 95 of 100 are not above: of fewer than 20, the largest.
    """

    values: tuple[Duration, ...]

    def __init__(self, values: Iterable[Duration | float]) -> None:
        made = tuple(one if isinstance(one, Duration) else Duration(float(one), 0.0) for one in values)
        if not made:
            raise VirtualPytestError("a series of nothing has no statistics")
        object.__setattr__(self, "values", made)

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[Duration]:
        return iter(self.values)

    @property
    def n(self) -> int:
        """How many there are."""
        return len(self.values)

    @property
    def median(self) -> Duration:
        """The middle one; of an even number, the mean of the two in the middle."""
        return self._of(statistics.median(one.seconds for one in self.values))

    @property
    def p95(self) -> Duration:
        """The smallest that 95 of 100 are not above."""
        return sorted(self.values, key=_seconds)[math.ceil(0.95 * self.n) - 1]

    @property
    def minimum(self) -> Duration:
        """The shortest."""
        return min(self.values, key=_seconds)

    @property
    def maximum(self) -> Duration:
        """The longest."""
        return max(self.values, key=_seconds)

    def __str__(self) -> str:
        figures = f"median {self.median}, p95 {self.p95}, from {self.minimum} to {self.maximum}"
        return f"{figures}, n {self.n}"

    def _of(self, seconds: float) -> Duration:
        error = max(one.error for one in self.values)
        return Duration(seconds, error, all(one.calibrated for one in self.values))


def _seconds(duration: Duration) -> float:
    return duration.seconds
