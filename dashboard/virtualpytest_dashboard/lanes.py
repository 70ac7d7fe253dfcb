"""The tests of a run as bars in lanes, one for each device; not more of them than somebody can tell apart."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from virtualpytest_dashboard.records import RANK, VERDICTS, Row, places

_TRACKS = 8  # tests beside each other in one lane; more lie over each other
_TICKS = 4


@dataclass(frozen=True)
class Bar:
    """Tests that begin at one place: *x* and *width* are per cents of the lane, *verdict* the worst of *rows*."""

    x: float
    width: float
    verdict: str
    rows: Sequence[Row]
    first: int
    last: int

    @property
    def counts(self) -> dict[str, int]:
        """Return how many there are of each verdict, the worst first."""
        counted = Counter(row.verdict for row in self.rows)
        return {verdict: counted[verdict] for verdict in VERDICTS if counted[verdict]}

    @property
    def bad(self) -> float:
        """Return the part of its tests that somebody should look at, 0 to 1."""
        return sum(row.bad for row in self.rows) / len(self.rows)

    @property
    def usual(self) -> str:
        """Return the most frequent verdict."""
        return Counter(row.verdict for row in self.rows).most_common(1)[0][0]


@dataclass(frozen=True)
class Lane:
    """What one device did, in tracks of rows that are not at the same time; *gap* is its longest idle time in ms."""

    device: str
    host: str
    tracks: Sequence[Sequence[Row]]
    busy: float
    gap: int


@dataclass(frozen=True)
class Window:
    """The piece of time that is shown, in milliseconds since the epoch."""

    first: int
    last: int

    @classmethod
    def over(cls, spans: Sequence[Row], now: int = 0) -> Window:
        """Return the time of all *spans*, until *now* if that is later."""
        first = min((row.start for row in spans), default=0)
        return cls(first, max([now, first + 1, *(max(row.stop, row.start) for row in spans)]))

    @property
    def ticks(self) -> Sequence[tuple[float, int]]:
        """Return where the lane is marked, in per cent, with the time there."""
        length = self.last - self.first
        return [(100 * at / _TICKS, self.first + length * at // _TICKS) for at in range(_TICKS)]

    def bars(self, track: Iterable[Row], columns: int) -> list[Bar]:
        """Return *track* as at most *columns* bars: those that begin in one column are one."""
        groups: defaultdict[int, list[Row]] = defaultdict(list)
        for row in track:
            groups[int(self._place(row.start) * columns / 100.001)].append(row)
        return [self._bar(rows, 100 / columns) for rows in groups.values()]

    def _place(self, at: int) -> float:
        return 100 * (min(max(at, self.first), self.last) - self.first) / (self.last - self.first)

    def _bar(self, rows: Sequence[Row], narrowest: float) -> Bar:
        first, last = min(row.start for row in rows), max(row.stop for row in rows)
        x = min(self._place(first), 100 - narrowest)
        width = max(self._place(last) - x, min(narrowest, 0.3))
        return Bar(round(x, 3), round(width, 3), min((row.verdict for row in rows), key=RANK.__getitem__), rows, first,
                   max(last, first + 1))  # fmt: skip


def lanes(spans: Iterable[Row], window: Window, now: int = 0) -> list[Lane]:
    """Return the lanes of *spans*, which are in the order of their starts; what runs does so until *now*."""
    told: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in spans:
        ended = _ended(row, now)
        if ended.stop >= window.first and row.start <= window.last:
            for place in places(row.device, row.host) or [("", row.host)]:
                told[place].append(ended)
    return [_lane(*place, told[place], window) for place in sorted(told)]


def _ended(row: Row, now: int) -> Row:
    stop = now if row.verdict == "running" and now else max(row.stop, row.start)
    return Row(row.id, row.name, row.verdict, device=row.device, host=row.host, start=row.start, stop=stop)


def _lane(device: str, host: str, rows: Sequence[Row], window: Window) -> Lane:
    busy, gap, until = 0, 0, 0
    for row in rows:
        gap = max(gap, row.start - until) if until else 0
        busy += max(0, min(row.stop, window.last) - max(row.start, until, window.first))
        until = max(until, row.stop)
    return Lane(device, host, _tracks(rows), busy / (window.last - window.first), gap)


def _tracks(rows: Iterable[Row]) -> list[list[Row]]:
    """Put *rows*, in the order of their starts, into as few tracks as hold them without one over another."""
    tracks: list[list[Row]] = []
    for row in rows:
        free = next((track for track in tracks if track[-1].stop <= row.start), None)
        if free is None and len(tracks) < _TRACKS:
            tracks.append([])
        (free if free is not None else tracks[-1]).append(row)
    return tracks
