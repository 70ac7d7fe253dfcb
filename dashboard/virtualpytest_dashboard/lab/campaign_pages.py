"""The campaigns' page, and what programs ask and do with campaigns.

/lab/campaigns                                  their page
/api/campaigns, /api/campaigns/{campaign}       their states
/api/campaigns/{campaign}/plan                  what a run would come to
/api/campaigns/{campaign}/start                 POST {"failed": true}: of what failed the last time alone;
                                                {"queue": true}: in its turn
/api/campaigns/{campaign}/pause, …/continue     POST {}: no new test begins, until it goes on
/api/campaigns/{campaign}/stop                  POST {}: as Ctrl-C; a second time at once
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pytest_virtualpytest.config import Campaign
from virtualpytest_dashboard import acting, pages
from virtualpytest_dashboard.campaigns.asked import campaign, desk, nothing
from virtualpytest_dashboard.lab.campaigns import Campaigns, State
from virtualpytest_dashboard.lab.pages import shown
from virtualpytest_dashboard.lab.site import Bench

_ONCE = 5  # selections that were run once, on the page


class Started(BaseModel):
    """A request to begin a run: of what *failed* the last time alone; in its turn where *queue*."""

    model_config = ConfigDict(extra="forbid")
    failed: bool = False
    queue: bool = False


def page(request: Request) -> Response:
    """Show every campaign."""

    def facts(_: Bench) -> dict[str, Any]:
        found = desk(request)
        states = [(state, run_address(request, state)) for state in found.listed()]
        once = [(one, found.campaigns.state(one.wish.name)) for one in found.ran()[:_ONCE]]
        return {
            "campaigns": states, "waiting": found.queue.all(), "command": _command, "tests": _tests,
            "made": found.wishes, "broken": found.broken,
            "once": [(one, state, run_address(request, state)) for one, state in once],
        }  # fmt: skip

    return shown(request, "lab/campaigns.html", facts)


def every(request: Request) -> Response:
    """Tell every campaign's state."""
    return JSONResponse({"campaigns": [_told(request, state) for state in desk(request).listed()]})


def one(request: Request) -> Response:
    """Tell one campaign's state."""
    return JSONResponse(_told(request, desk(request).campaigns.state(campaign(request))))


def plan(request: Request) -> Response:
    """Tell what a run of it would come to."""
    return JSONResponse(desk(request).campaigns.plan(campaign(request)))


async def start(request: Request) -> Response:
    """Begin a run, or have it wait for its turn: then *waiting* has its place."""

    def begin(request: Request, body: bytes) -> dict[str, Any]:
        name, asked, found = campaign(request), Started.model_validate_json(body), desk(request)
        waiting = found.start(name, failed=asked.failed, queue=asked.queue)
        told = _told(request, found.campaigns.state(name))
        return {**told, "waiting": waiting.plain() if waiting else None}

    return await acting.acted(request, begin)


async def stop(request: Request) -> Response:
    """End the run that goes on, as Ctrl-C does; a second time, at once."""
    return await _acted(request, lambda campaigns, name: campaigns.stop(name))


async def pause(request: Request) -> Response:
    """Let no new test of the run begin: those that run end, then the devices are free."""
    return await _acted(request, lambda campaigns, name: campaigns.pause(name))


async def go_on(request: Request) -> Response:
    """Let a run go on that was paused."""
    return await _acted(request, lambda campaigns, name: campaigns.pause(name, lift=True))


def run_address(request: Request, state: State) -> str:
    """Return the address of the run's page; empty as long as it has none."""
    folders = pages.folders(request)
    folders.add(state.campaign.results)
    if state.results is None:
        return ""
    folders.add(state.results)  # where it lies in a folder that is a run itself
    found = next((run for run in folders.all() if run.path == state.results), None)
    return str(request.url_for("run", run=found.name).path) if found else ""


async def _acted(request: Request, act: Callable[[Campaigns, str], State]) -> Response:
    def answer(request: Request, body: bytes) -> dict[str, Any]:
        nothing(body)
        return _told(request, act(desk(request).campaigns, campaign(request)))

    return await acting.acted(request, answer)


def _told(request: Request, state: State) -> dict[str, Any]:
    return {**state.plain(), "run": run_address(request, state)}


def _tests(campaign: Campaign) -> str:
    """Return the folders and files of its tests, as its lab file names them."""
    return ", ".join(os.path.relpath(path, campaign.file.parent) for path in campaign.tests)


def _command(name: str, bench_lab: Any) -> str:
    """Return the command that starts a campaign in a terminal."""
    return " ".join(["virtualpytest", "run", name, *(f"--lab {path}" for path in bench_lab.sources)])
