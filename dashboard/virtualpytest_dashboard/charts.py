"""Figures as drawings: a distribution and a trend, with their limits, on one scale. Places are per cents."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from virtualpytest_dashboard.records import Figure, Summary

_BINS = 40
_RUNS = 60
_TICKS = 8


@dataclass(frozen=True)
class Scale:
    """The values that a drawing shows, from *low* to *high*."""

    low: float
    high: float

    @classmethod
    def over(cls, figures: Sequence[Figure], whole: Summary) -> Scale:
        """Return the scale on which all *figures* and the limits of *whole* lie, with a margin."""
        limits = [limit for limit in (whole.minimum, whole.maximum) if limit is not None]
        values = [*(figure.value for figure in figures), *limits]
        low, high = min(values), max(values)
        margin = (high - low) * 0.04 or abs(high) * 0.1 or 1.0
        return cls(low if low == 0 else low - margin, high + margin)

    def place(self, value: float) -> float:
        """Return where *value* lies, in per cent of the scale."""
        return round(100 * (value - self.low) / (self.high - self.low), 3)

    @property
    def ticks(self) -> Sequence[tuple[float, float]]:
        """Return round values on the scale, with their places."""
        rough = (self.high - self.low) / _TICKS
        step = 10 ** math.floor(math.log10(rough))
        step *= next(nice for nice in (1, 2, 5, 10) if nice * step >= rough)
        first = math.ceil(self.low / step)
        return [(value, self.place(value)) for at in range(_TICKS + 2) if (value := (first + at) * step) <= self.high]


@dataclass(frozen=True)
class Column:
    """How many values lie from *low* to *high*, and how many of them outside of their limits."""

    x: float
    width: float
    height: float
    low: float
    high: float
    count: int
    outside: int


@dataclass(frozen=True)
class Point:
    """What one *run* measured: its middle and the span of its values, in per cents."""

    x: float
    run: int
    said: Summary
    median: float
    p95: float
    worst: float


def rank(values: Sequence[float], part: float) -> float:
    """Return the percentile *part* (0 to 1) of the sorted *values*, by nearest rank."""
    return values[max(0, math.ceil(part * len(values)) - 1)]


def summarized(figures: Sequence[Figure]) -> Summary:
    """Return what is known of *figures*, at least one, of one name and unit."""
    values = sorted(figure.value for figure in figures)
    lows = [figure.minimum for figure in figures if figure.minimum is not None]
    highs = [figure.maximum for figure in figures if figure.maximum is not None]
    return Summary(
        figures[0].name, figures[0].unit, len(values), sum(figure.outside for figure in figures),
        rank(values, 0.5), rank(values, 0.95), values[0], values[-1], max(lows, default=None),
        min(highs, default=None), len({figure.device for figure in figures}), len({figure.run for figure in figures}),
    )  # fmt: skip


def grouped(figures: Iterable[Figure], key: Callable[[Figure], object]) -> list[list[Figure]]:
    """Return *figures* in groups of equal *key*, in the order in which these come."""
    groups: defaultdict[object, list[Figure]] = defaultdict(list)
    for figure in figures:
        groups[key(figure)].append(figure)
    return list(groups.values())


def distribution(figures: Sequence[Figure], scale: Scale) -> list[Column]:
    """Return the columns of a histogram, the highest of 100 per cent."""
    width = 100 / _BINS
    bins = grouped(figures, lambda figure: int(scale.place(figure.value) / width))
    most = max(map(len, bins))
    return [_column(found, int(scale.place(found[0].value) / width), most, scale) for found in bins]


def _column(found: Sequence[Figure], number: int, most: int, scale: Scale) -> Column:
    size = (scale.high - scale.low) / _BINS
    low = scale.low + number * size
    outside = sum(figure.outside for figure in found)
    return Column(100 * number / _BINS, 100 / _BINS, 100 * len(found) / most, low, low + size, len(found), outside)


def trend(figures: Sequence[Figure], scale: Scale) -> list[Point]:
    """Return a point for each of the newest runs of *figures*, from the oldest to the newest."""
    found = grouped(figures, lambda figure: figure.run)
    runs = sorted(found, key=lambda values: min(value.at for value in values))[-_RUNS:]
    return [_point(values, 100 * (number + 0.5) / len(runs), scale) for number, values in enumerate(runs)]


def _point(found: Sequence[Figure], x: float, scale: Scale) -> Point:
    said = summarized(found)
    above = [100 - scale.place(value) for value in (said.median, said.p95, said.worst)]
    return Point(round(x, 3), found[0].run, said, *above)
