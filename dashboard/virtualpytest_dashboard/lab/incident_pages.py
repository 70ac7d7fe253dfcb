"""The incidents' page, and what programs ask of them.

/lab/incidents                                         their page (?device=, ?what=)
/api/incidents                                         all that the hosts keep (?device=, ?what=)
/api/devices/{device}/incidents/{incident}/picture     PNG, what was seen at its begin
"""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pytest_virtualpytest.exceptions import DeviceError
from pytest_virtualpytest.incident import SORTS
from virtualpytest_dashboard.lab import asked
from virtualpytest_dashboard.lab.pages import shown
from virtualpytest_dashboard.lab.site import Bench
from virtualpytest_dashboard.openapi import asks, gives


def page(request: Request) -> Response:
    """Show incidents, those of one device or one sort where that is asked."""
    wanted = _wanted(request)

    def facts(bench: Bench) -> dict[str, Any]:
        return {
            "told": bench.incidents.told(*wanted),
            "wanted": wanted,
            "sorts": SORTS,
            "names": list(bench.lab.devices),
        }

    return shown(request, "lab/incidents.html", facts)


@asks("device", "those of one device")
@asks("what", "those of one sort", enum=list(SORTS))
def every(request: Request) -> Response:
    """Tell the same as JSON."""
    bench = asked.bench(request)
    told = bench.incidents.told(*_wanted(request))
    known = {"watched": sorted(told.watched), "asking": told.asking, "why": dict(told.why)}
    found = [one.to_wire() | {"host": bench.lab.devices[one.device].host} for one in told.incidents]
    return JSONResponse({"incidents": found, **known})


@gives("image/png")
def picture(request: Request) -> Response:
    """Give the picture of one incident as PNG; 404 where none is kept."""
    bench, found = asked.device(request)
    args = {"device": found.name, "incident": request.path_params["incident"]}
    try:
        reply = bench.reach.bare(found.host, "incidents.picture", args)
    except DeviceError as error:
        raise HTTPException(404, error.message) from error
    headers = {"Cache-Control": "private, max-age=86400"}
    return Response(bytes(reply.blobs[0]), media_type="image/png", headers=headers)


def _wanted(request: Request) -> tuple[str | None, str | None]:
    """Return the device and the sort that are asked for; 404 where there is no such device, 422 no such sort."""
    device, what = request.query_params.get("device") or None, request.query_params.get("what") or None
    if device and asked.site(request).bench():
        asked.device(request, device)
    if what and what not in SORTS:
        raise HTTPException(422, f"what: {what[:40]!r} is none of {', '.join(SORTS)}")
    return device, what
