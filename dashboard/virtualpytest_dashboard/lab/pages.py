"""The lab's pages: the wall of devices, the hosts, one device."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from virtualpytest_dashboard import pages
from virtualpytest_dashboard.lab import asked, record, remote
from virtualpytest_dashboard.lab.api import problems
from virtualpytest_dashboard.lab.site import Bench

_SAFETY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' blob:; media-src 'self'; "
    "connect-src 'self'{socket}; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def devices(request: Request) -> Response:
    """Show the wall of devices."""

    def facts(bench: Bench) -> dict[str, Any]:
        told = {"records": record.records(request, list(bench.lab.devices))[0], "unfit": record.quarantined(request)}
        return {"devices": bench.survey.devices(), **told}

    return shown(request, "lab/devices.html", facts)


def hosts(request: Request) -> Response:
    """Show how hosts are."""

    def facts(bench: Bench) -> dict[str, Any]:
        known, found = bench.survey.hosts(), bench.survey.devices()
        told = problems(known, found)
        well = {host.name for host in known} - {one["host"] for one in told}
        ordered = sorted(known, key=lambda host: host.name in well)
        return {"hosts": ordered, "devices": found, "problems": told}

    return shown(request, "lab/hosts.html", facts)


def device(request: Request) -> Response:
    """Show one device, live."""

    def facts(bench: Bench) -> dict[str, Any]:
        name = asked.device(request)[1].name
        state = bench.survey.device(name)
        found, runs = record.records(request, [name])
        told = {"told": bench.incidents.told(name), "unfit": record.quarantined(request)}
        return {"device": state, "groups": remote.groups(state.keys), "record": found[name], "runs": runs, **told}

    return shown(request, "lab/device.html", facts)


def holder(record: Mapping[str, Any]) -> str:
    """Return who holds a device, or waits for it, in words."""
    words = [str(record.get("user") or "somebody")]
    words += [f"run {str(record['run'])[:4]}"] if record.get("run") else []
    words += [str(record["test"])] if record.get("test") else []
    return ", ".join(words)


def ago(since: float | None) -> str:
    """Return how long ago *since*, a time of day in seconds, was."""
    return pages.duration(max(0, round(time.time() - float(since))) * 1000) if since else ""


def shown(request: Request, template: str, facts: Callable[[Bench], dict[str, Any]]) -> Response:
    """Return the page that *template* makes of *facts*, or of what is wrong with the lab file."""
    site = asked.site(request)
    bench = site.bench()
    if bench is None:
        response = pages.render(request, "lab/mistakes.html", 503, problems=site.problems)
    else:
        words: dict[str, Any] = {"holder": holder, "ago": ago, "lab": bench.lab}
        response = pages.render(request, template, **words, **facts(bench))
    socket = f" ws://{request.url.netloc} wss://{request.url.netloc}"
    response.headers["Content-Security-Policy"] = _SAFETY.format(socket=socket)
    return response
