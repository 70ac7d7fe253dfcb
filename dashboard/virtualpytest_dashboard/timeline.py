"""The page of a run's timeline: which device did what, when, and when it did nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from virtualpytest_dashboard import pages
from virtualpytest_dashboard.lanes import Window, lanes
from virtualpytest_dashboard.listing import Asked
from virtualpytest_dashboard.store import queries

_LANES = 60  # on one page
_DRAWN = 800  # bars on one page, at most


def one(request: Request) -> Response:
    """Show the lanes of one run, all of its time or the piece from..to of it."""
    folder = pages.folder(request)
    run = folder.run()
    spans = folder.ask(queries.spans)
    now = int(time.time() * 1000) if run.live else 0
    whole = Window.over(spans, now)
    window = _asked(request.query_params, whole)
    found = lanes(spans, window, now)
    last = max(1, -(-len(found) // _LANES))
    page = min(Asked.of(request.query_params).page, last)
    shown = found[(page - 1) * _LANES : page * _LANES]
    columns = _DRAWN // max(3, sum(len(lane.tracks) for lane in shown))
    drawn = [(lane, [window.bars(track, columns) for track in lane.tracks]) for lane in shown]
    response = pages.render(request, "timeline.html", run=run, lanes=drawn, window=window, whole=whole,
                            page=page, pages=last, attempts=len(spans))  # fmt: skip
    response.headers["Content-Security-Policy"] = pages.SCRIPTED
    return response


def _asked(query: Mapping[str, str], whole: Window) -> Window:
    """Return the piece of *whole* that *query* asks for: all of it where that is no piece of it."""
    said = [query.get(name, "") for name in ("from", "to")]
    if not all(word.isascii() and word.isdigit() and len(word) < 15 for word in said):
        return whole
    first, last = max(int(said[0]), whole.first), min(int(said[1]), whole.last)
    return Window(first, last) if first < last else whole
