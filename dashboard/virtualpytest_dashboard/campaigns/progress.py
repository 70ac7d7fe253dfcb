"""How far a campaign's run is: what each device has done, and about how long it still takes.

/lab/campaigns/{campaign}/progress     the piece of the page that shows it, for our own script
/api/campaigns/{campaign}/progress     the same for programs
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from sqlalchemy import Connection, func, select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from virtualpytest_dashboard import pages
from virtualpytest_dashboard.campaigns.asked import campaign, desk
from virtualpytest_dashboard.lab.campaign_pages import run_address
from virtualpytest_dashboard.lanes import Lane, Window, lanes
from virtualpytest_dashboard.records import Row
from virtualpytest_dashboard.results import Folder
from virtualpytest_dashboard.store import queries
from virtualpytest_dashboard.store.schema import RESULT

_TO_COME = ("not run", "running")
_MOST = 500  # tests to come whose last times are asked for
_BARS = 200  # in one lane


@dataclass(frozen=True)
class Progress:
    """A run that goes on, or the last one: *left* is about the seconds that it still takes, None if nobody knows."""

    run: str
    total: int
    counts: Mapping[str, int]
    left: float | None
    lanes: Sequence[Lane]
    window: Window

    @property
    def done(self) -> int:
        """Return how many tests have their verdict."""
        return self.total - sum(self.counts.get(verdict, 0) for verdict in _TO_COME)

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        now = [self._lane(lane) for lane in self.lanes]
        return {"total": self.total, "done": self.done, "counts": dict(self.counts), "left": self.left, "lanes": now}

    def _lane(self, lane: Lane) -> dict[str, Any]:
        rows = [row for track in lane.tracks for row in track]
        running = [row.name for row in rows if row.verdict == "running"]
        return {"device": lane.device, "host": lane.host, "tests": len(rows), "busy": lane.busy, "running": running}


def piece(request: Request) -> Response:
    """Show how far a run is, as a piece of the campaigns' page; nothing, before it has results."""
    found = _progress(request)
    if found is None:
        return Response(status_code=204)
    drawn = [(lane, [found.window.bars(track, _BARS) for track in lane.tracks]) for lane in found.lanes]
    return pages.render(request, "lab/progress.html", progress=found, lanes=drawn)


def told(request: Request) -> Response:
    """Tell how far a campaign's run is: tests by verdict, what each device has done, the seconds that are left."""
    found = _progress(request)
    return JSONResponse(found.plain() if found else {"total": 0, "done": 0, "counts": {}, "left": None, "lanes": []})


def _progress(request: Request) -> Progress | None:
    state = desk(request).campaigns.state(campaign(request))
    address = run_address(request, state)
    folder = next((one for one in pages.folders(request).all() if one.path == state.results), None)
    if folder is None or not address:
        return None
    run = folder.run()
    now = int(time.time() * 1000)
    spans = folder.ask(queries.spans)
    until = now if state.running else 0
    window = Window.over(spans, until if spans else 0)
    left = _left(folder, now, [one.device for one in run.devices if one.device]) if state.running else 0.0
    return Progress(address, run.total, run.counts, left, lanes(spans, window, until), window)


def _left(folder: Folder, now: int, devices: Sequence[str]) -> float | None:
    """Return about how many seconds the tests to come take on *devices*, by how long they took the last times."""
    rows = folder.rows()
    coming = [row for row in rows if row.verdict in _TO_COME]
    known = folder.ask(lambda connection, _: _took(connection, coming[:_MOST]))
    done = [row.stop - row.start for row in rows if row.stop > row.start > 0]
    usual = fmean(known.values()) if known else fmean(done) if done else None
    if not coming or usual is None:
        return None if coming else 0.0
    each = [_rest(row, known.get((row.name, row.full_name), usual), now) for row in coming]
    longest, together = max(each), sum(each) / max(1, len(devices))
    return max(longest, together) / 1000


def _rest(row: Row, took: float, now: int) -> float:
    return max(0.0, took - (now - row.start)) if row.verdict == "running" and row.start else took


def _took(connection: Connection, rows: Sequence[Row]) -> dict[tuple[str, str], float]:
    """Return the mean milliseconds of those of *rows* whose test has ended before, in whichever run."""
    digests = [queries.named(row.name, row.full_name) for row in rows]
    fits = [RESULT.c[word].in_({one[word] for one in digests}) for word in ("function", "test")]
    name = RESULT.c.name, RESULT.c.full_name
    asked = select(*name, func.avg(RESULT.c.took)).where(*fits, RESULT.c.took > 0).group_by(*name)
    return {(test, full): float(took) for test, full, took in connection.execute(asked)}
