"""The pages of what tests measured, through all runs that the dashboard has read."""

from __future__ import annotations

import operator
from collections.abc import Sequence

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from virtualpytest_dashboard import charts, pages
from virtualpytest_dashboard.records import Figure, Summary
from virtualpytest_dashboard.store import measurements

_NEWEST = 20_000  # values that a page is made of
_LISTED = 20


def index(request: Request) -> Response:
    """Show each figure's name with what is known of it."""
    folders = pages.folders(request)
    runs = [folder.number for folder in folders.all()]
    found = folders.ask(lambda connection: measurements.summaries(connection, runs))
    return pages.render(request, "measurements.html", found=found)


def one(request: Request) -> Response:
    """Show the values of one figure, of all devices and firmware or those that were asked for."""
    name, folders = request.path_params["name"], pages.folders(request)
    known = {folder.number: folder for folder in folders.all()}
    newest = folders.ask(lambda connection: measurements.newest(connection, list(known), name, _NEWEST))
    if not newest:
        raise HTTPException(404, f"Nothing called {name!r} was measured in the runs that were read.")
    unit = request.query_params.get("unit", newest[0].unit)
    device, firmware = (request.query_params.get(word, "") for word in ("device", "firmware"))
    every = [figure for figure in newest if figure.unit == unit] or newest
    of_device = [figure for figure in every if device in ("", figure.device)]
    of_firmware = [figure for figure in every if firmware in ("", figure.firmware)]
    figures = [figure for figure in of_device if firmware in ("", figure.firmware)]
    if not figures:
        raise HTTPException(404, f"{' with '.join(filter(None, (device, firmware)))!r} has not measured {name!r}.")
    scale = charts.Scale.over(every, charts.summarized(every))
    return pages.render(
        request, "measurement.html", whole=charts.summarized(figures), device=device, runs=known, scale=scale,
        columns=charts.distribution(figures, scale), trend=charts.trend(figures, scale), limited=len(newest) == _NEWEST,
        devices=_groups(of_firmware, scale, "device"), firmwares=_groups(of_device, scale, "firmware"),
        firmware=firmware, outside=[figure for figure in figures if figure.outside][:_LISTED],
    )  # fmt: skip


def _groups(figures: Sequence[Figure], scale: charts.Scale, word: str) -> list[tuple[str, Summary, list[charts.Point]]]:
    """Return each device, or firmware, with what is known of it and its trend, the one most outside of limits first."""
    found = charts.grouped(figures, operator.attrgetter(word))
    told = [(str(getattr(group[0], word)), charts.summarized(group), charts.trend(group, scale)) for group in found]
    return sorted(told, key=lambda item: (-item[1].outside / item[1].count, item[0]))
