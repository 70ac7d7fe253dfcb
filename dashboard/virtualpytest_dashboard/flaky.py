"""The page of flaky tests: those whose verdict changes, within a run or from run to run, the worst first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from virtualpytest_dashboard import pages
from virtualpytest_dashboard.store import trends
from virtualpytest_dashboard.store.trends import Steadiness

_RUNS = 20  # the newest, over which tests are looked at
_LISTED = 200


def index(request: Request) -> Response:
    """Show the flaky tests, of each device by itself where that was asked for."""
    folders = pages.folders(request)
    newest = folders.all()[:_RUNS]
    runs, by_device = {folder.number: folder for folder in newest}, request.query_params.get("by") == "device"

    def ask(connection: Connection) -> tuple[Sequence[Steadiness], Sequence[Any]]:
        found = trends.flaky(connection, list(runs), _LISTED, by_device=by_device)
        return found, trends.states(connection, list(runs), [(one.full_name, one.name) for one in found])

    found, states = folders.ask(ask)
    strips = strip(states, by_device=by_device)
    tests = [(one, strips[one.full_name, one.name, one.device]) for one in found]
    return pages.render(
        request, "flaky.html", tests=tests, runs=runs, by_device=by_device, limited=len(found) == _LISTED
    )


def strip(states: Sequence[Any], *, by_device: bool) -> Mapping[tuple[str, str, str], Sequence[Any]]:
    """Return the rows *states* of each test, or of each test and device."""
    found: defaultdict[tuple[str, str, str], list[Any]] = defaultdict(list)
    for state in states:
        found[state.full_name, state.name, state.device if by_device else ""].append(state)
    return found
