"""The trend over runs as a drawing: how many tests of each verdict, and how long it took. Places are per cents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from virtualpytest_dashboard.folders import Folders
from virtualpytest_dashboard.history import kin
from virtualpytest_dashboard.records import Run
from virtualpytest_dashboard.results import Folder


@dataclass(frozen=True)
class Piece:
    """The tests of one *verdict* in a bar: from *y* on, *height* high."""

    verdict: str
    y: float
    height: float


@dataclass(frozen=True)
class Bar:
    """One run: its verdicts on each other, what somebody should look at on top; *took* is its time's height."""

    run: Run
    x: float
    width: float
    pieces: Sequence[Piece]
    took: float


def of(folders: Folders, folder: Folder) -> Sequence[Bar]:
    """Return the bars of the runs up to *folder* that share tests, the oldest first; none where it is alone."""
    runs = [other.known() for other in reversed(kin(folders, folder))]
    shown = [run for run in runs if run.total]
    return drawn(shown) if len(shown) > 1 else ()


def drawn(runs: Sequence[Run]) -> Sequence[Bar]:
    """Return the bars of *runs*, the largest as high as the drawing."""
    most, longest = max(run.total for run in runs), max(run.duration for run in runs) or 1
    width = 100 / max(len(runs), 12)
    return [
        Bar(run, round(at * width, 3), round(width * 0.8, 3), _pieces(run.counts, most), 100 * run.duration / longest)
        for at, run in enumerate(runs)
    ]


def _pieces(counts: Mapping[str, int], most: int) -> Sequence[Piece]:
    found, y = [], 100.0 - 100 * sum(counts.values()) / most
    for verdict, count in counts.items():
        found.append(Piece(verdict, round(y, 3), round(100 * count / most, 3)))
        y += 100 * count / most
    return found
