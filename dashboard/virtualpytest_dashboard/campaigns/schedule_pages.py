"""The schedules' page, and what programs ask and do with schedules.

/lab/schedules                         their page
/api/schedules                         all of them, and what became of their last times; POST a `Plan` makes one
/api/schedules/{schedule}              POST a `Plan`: what it says from now on
/api/schedules/{schedule}/pause        POST {}: its times pass; …/continue: they count again
/api/schedules/{schedule}/delete       POST {}
"""

from __future__ import annotations

import datetime
import time
import zoneinfo
from collections.abc import Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pytest_virtualpytest.exceptions import ConfigError
from virtualpytest_dashboard import acting
from virtualpytest_dashboard.campaigns.asked import desk, nothing, seen
from virtualpytest_dashboard.campaigns.schedules import Plan, Schedule, Schedules
from virtualpytest_dashboard.lab import asked
from virtualpytest_dashboard.lab.pages import shown


def page(request: Request) -> Response:
    """Show every schedule, and what became of their times."""

    def facts(_: object) -> dict[str, Any]:
        kept = _schedules(request)
        found = {schedule.id: schedule for schedule in kept.all()}
        history = [(firing, found[firing.schedule]) for firing in kept.history() if firing.schedule in found]
        names, now = [state.campaign.name for state in desk(request).listed()], time.time()
        plans = [(schedule, schedule.plain(now)["next"]) for schedule in found.values()]
        zones = sorted(zoneinfo.available_timezones())
        return {"schedules": plans, "history": history, "names": names, "zones": zones, "clock": _clock}

    return shown(request, "lab/schedules.html", facts)


def every(request: Request) -> Response:
    """Tell every schedule with its next three times, and what became of the last hundred times and why."""
    kept, now = _schedules(request), time.time()
    history = [firing.plain() for firing in kept.history()]
    return JSONResponse({"schedules": [schedule.plain(now) for schedule in kept.all()], "history": history})


async def make(request: Request) -> Response:
    """Make a schedule."""
    return await _acted(request, lambda kept, body: kept.make(_plan(request, body)))


async def change(request: Request) -> Response:
    """Have a schedule say something else from now on."""
    return await _acted(request, lambda kept, body: kept.change(_number(request), _plan(request, body)))


async def pause(request: Request) -> Response:
    """Let a schedule's times pass."""
    return await _acted(request, lambda kept, body: _paused(kept, request, body))


async def go_on(request: Request) -> Response:
    """Have a schedule's times count again, from now on."""
    return await _acted(request, lambda kept, body: _paused(kept, request, body, active=True))


async def delete(request: Request) -> Response:
    """Forget a schedule, and what became of its times."""

    def gone(kept: Schedules, body: bytes) -> Schedule:
        nothing(body)
        schedule = kept.get(_number(request))
        kept.delete(schedule.id)
        return schedule

    return await _acted(request, gone)


async def _acted(request: Request, act: Callable[[Schedules, bytes], Schedule]) -> Response:
    def answer(request: Request, body: bytes) -> dict[str, Any]:
        try:
            return act(_schedules(request), body).plain(time.time())
        except ConfigError as error:
            raise HTTPException(422, str(error)) from error

    return await acting.acted(request, answer)


def _paused(kept: Schedules, request: Request, body: bytes, *, active: bool = False) -> Schedule:
    nothing(body)
    return kept.pause(_number(request), active=active)


def _schedules(request: Request) -> Schedules:
    return Schedules(request.app.state.kept, sees=seen(request))


def _plan(request: Request, body: bytes) -> Plan:
    """Return what *body* says, if it is of a campaign that there is."""
    plan = Plan.model_validate_json(body)
    desk(request).campaigns.state(plan.campaign)
    return plan


def _number(request: Request) -> int:
    """Return the schedule that the address names, or answer 404."""
    number: int = request.path_params["schedule"]
    try:
        return _schedules(request).get(number).id
    except ConfigError as error:
        raise asked.missing(str(error)) from None


def _clock(moment: int, zone: str) -> str:
    """Return *moment* on the clocks of *zone*."""
    return f"{datetime.datetime.fromtimestamp(moment, zoneinfo.ZoneInfo(zone)):%a %Y-%m-%d %H:%M %Z}"
