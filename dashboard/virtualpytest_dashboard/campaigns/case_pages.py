"""The test cases of all campaigns: their page, and the same for programs.

/lab/testcases             ?q= words of the name, ?marker=, ?campaign=; what is not known is collected behind the page
/api/testcases             the same; it waits until all is collected
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, select
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from virtualpytest_dashboard import pages
from virtualpytest_dashboard.campaigns import cases
from virtualpytest_dashboard.campaigns.asked import desk
from virtualpytest_dashboard.campaigns.cases import Case, Collected
from virtualpytest_dashboard.campaigns.desk import Desk
from virtualpytest_dashboard.journal import names
from virtualpytest_dashboard.lab.pages import shown
from virtualpytest_dashboard.openapi import asks
from virtualpytest_dashboard.store.queries import named
from virtualpytest_dashboard.store.schema import RESULT

_PAGE = 100
_COLUMNS = ("run", "uuid", "name", "full_name", "device", "verdict", "start")
Verdicts = Mapping[str, Mapping[str, Mapping[str, Any]]]  # by the node id, by the device


def page(request: Request) -> Response:
    """Show test cases with their last verdicts, a page of them."""

    def facts(_: object) -> dict[str, Any]:
        found = desk(request)
        collected = [cases.known(found.campaigns, name) for name in _campaigns(request, found)]
        for one in collected:
            if one.stale:
                cases.collect_behind(found.campaigns, one.campaign)
        fitting = _fitting(request, collected)
        words = request.query_params.get("page", "1")
        number = int(words) if words.isascii() and words.isdigit() and len(words) < 7 else 1
        last = max(1, -(-len(fitting) // _PAGE))
        at = min(max(1, number), last)
        some = fitting[(at - 1) * _PAGE : at * _PAGE]
        return {
            "cases": some, "total": len(fitting), "page": at, "pages": last, "verdicts": _verdicts(request, some),
            "markers": sorted({mark for one in collected for case in one.cases for mark in case.markers}),
            "collected": collected, "names": [state.campaign.name for state in found.listed()],
            "q": request.query_params,
        }  # fmt: skip

    return shown(request, "lab/testcases.html", facts)


@asks("campaign", "those of one campaign")
@asks("marker", "those with one marker")
@asks("q", "words of the name")
def every(request: Request) -> Response:
    """Tell the test cases of every campaign: file, line, markers, devices, and the last verdict on each device."""
    found = desk(request)
    collected = [cases.known(found.campaigns, name) for name in _campaigns(request, found)]
    now = [cases.collect(found.campaigns, one.campaign) if one.stale else one for one in collected]
    fitting = _fitting(request, now)
    verdicts = _verdicts(request, fitting)
    told = [{**asdict(case), "verdicts": verdicts.get(case.test, {})} for case in fitting]
    return JSONResponse({"testcases": told, "errors": {one.campaign: list(one.errors) for one in now if one.errors}})


def _campaigns(request: Request, found: Desk) -> list[str]:
    """Return the campaigns that are asked for: all, or one."""
    listed = [state.campaign.name for state in found.listed()]
    asked = request.query_params.get("campaign")
    return [name for name in listed if name == asked] if asked else listed


def _fitting(request: Request, collected: Iterable[Collected]) -> list[Case]:
    """Return the cases that are asked for; one of several campaigns once."""
    marker, words = request.query_params.get("marker"), request.query_params.get("q", "").lower().split()
    found: dict[str, Case] = {}
    for case in (case for one in collected for case in one.cases):
        if all(word in case.test.lower() for word in words) and (not marker or marker in case.markers):
            found.setdefault(case.test, case)
    return list(found.values())


def _verdicts(request: Request, some: Sequence[Case]) -> Verdicts:
    """Return how each of *some* fared last on each device, in the runs that may be seen."""
    folders = pages.folders(request)
    seen = {folder.number: folder for folder in folders.all()}
    of = {names(case.test): case.test for case in some}
    found: defaultdict[str, dict[str, Mapping[str, Any]]] = defaultdict(dict)
    for row in folders.ask(lambda connection: _last(connection, list(of))):
        test = of.get((row["name"], row["full_name"]))
        if test and row["run"] in seen:
            run = seen[row["run"]].name
            address = str(request.url_for("test", run=run, uuid=row["uuid"]).path)
            found[test][row["device"]] = {"verdict": row["verdict"], "start": row["start"], "test": address}
    return found


def _last(connection: Connection, tests: Sequence[tuple[str, str]]) -> list[Mapping[Any, Any]]:
    """Return the results of *tests*, the newest last."""
    columns = [RESULT.c[name] for name in _COLUMNS]
    rows: list[Mapping[Any, Any]] = []
    for at in range(0, len(tests), _PAGE):
        digests = [named(*test) for test in tests[at : at + _PAGE]]
        fits = [RESULT.c[word].in_({one[word] for one in digests}) for word in ("function", "test")]
        rows += connection.execute(select(*columns).where(RESULT.c.shown, *fits)).mappings().all()
    return sorted(rows, key=lambda row: int(row["start"]))
