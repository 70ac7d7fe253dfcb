"""What a request asks for: the lab, one of its devices, and numbers within their limits."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from pytest_virtualpytest.config import DeviceConfig
from pytest_virtualpytest.config.words import nearest
from virtualpytest_dashboard.lab.site import Bench, Part, Site
from virtualpytest_dashboard.people import person


def site(request: HTTPConnection) -> Part:
    """Return the lab's part of this dashboard, as who asks may see it."""
    found: Site = request.app.state.lab
    return Part(found, person.of(request))


def bench(request: HTTPConnection) -> Bench:
    """Return the lab, or answer 503 with what is wrong with its file."""
    found = site(request).bench()
    if found is None:
        raise HTTPException(503, "The lab file has mistakes: " + "; ".join(site(request).problems))
    return found


def missing(what: str) -> HTTPException:
    """Return the answer 404 that says *what* is not there."""
    return HTTPException(404, what)


def device(request: HTTPConnection, name: str | None = None) -> tuple[Bench, DeviceConfig]:
    """Return the lab and the device that the address names, or *name*, or answer 404 with the nearest one."""
    lab = bench(request)
    wanted = request.path_params["device"] if name is None else name
    found = lab.device(wanted)
    if found is None:
        raise HTTPException(404, f"{lab.lab.name}: no device {wanted!r}{nearest(wanted, lab.lab.devices)}")
    lab.survey.want(found)
    return lab, found


def number(request: HTTPConnection, name: str, default: float, least: float, most: float) -> float:
    """Return the number *name* of the query, or answer 422 where it is none, or out of bounds."""
    text = request.query_params.get(name)
    return default if text is None else _number(name, text, least, most)


def moment(request: HTTPConnection, name: str) -> float:
    """Return the moment *name* of the path, in seconds, or answer 422."""
    return _number(name, request.path_params[name], 0, 1e12)


def _number(name: str, text: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:
        raise HTTPException(422, f"{name}: {text[:40]!r} is no number from {least:g} to {most:g}")
    return value
