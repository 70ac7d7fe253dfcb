"""The campaigns' page, and what programs ask and do with campaigns.

/lab/campaigns                                  their page
/api/campaigns, /api/campaigns/{campaign}       their states
/api/campaigns/{campaign}/plan                  what a run would come to
/api/campaigns/{campaign}/start                 POST {"failed": true}: of what failed the last time alone
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
from pytest_virtualpytest.exceptions import ConfigError
from virtualpytest_dashboard import acting, pages
from virtualpytest_dashboard.lab import asked
from virtualpytest_dashboard.lab.campaigns import Campaigns, State
from virtualpytest_dashboard.lab.pages import shown
from virtualpytest_dashboard.lab.site import Bench


class Started(BaseModel):
    """A request to begin a run."""

    model_config = ConfigDict(extra="forbid")
    failed: bool = False


def page(request: Request) -> Response:
    """Show every campaign."""

    def facts(bench: Bench) -> dict[str, Any]:
        states = bench.campaigns.all()
        return {"campaigns": [(state, _run(request, state)) for state in states], "command": _command, "tests": _tests}

    return shown(request, "lab/campaigns.html", facts)


def every(request: Request) -> Response:
    """Tell every campaign's state."""
    return JSONResponse({"campaigns": [_told(request, state) for state in asked.bench(request).campaigns.all()]})


def one(request: Request) -> Response:
    """Tell one campaign's state."""
    return JSONResponse(_told(request, asked.bench(request).campaigns.state(_name(request))))


def plan(request: Request) -> Response:
    """Tell what a run of it would come to."""
    return JSONResponse(asked.bench(request).campaigns.plan(_name(request)))


async def start(request: Request) -> Response:
    """Begin a run."""

    def begin(campaigns: Campaigns, name: str, body: bytes) -> State:
        return campaigns.start(name, failed=Started.model_validate_json(body).failed)

    return await _acted(request, begin)


async def stop(request: Request) -> Response:
    """End the run that goes on."""
    return await _acted(request, lambda campaigns, name, _: campaigns.stop(name))


async def _acted(request: Request, act: Callable[[Campaigns, str, bytes], State]) -> Response:
    def answer(request: Request, body: bytes) -> dict[str, Any]:
        return _told(request, act(asked.bench(request).campaigns, _name(request), body))

    return await acting.acted(request, answer)


def _name(request: Request) -> str:
    """Return the campaign that the address names; 404 with the nearest one where there is none."""
    name: str = request.path_params["campaign"]
    try:
        asked.bench(request).lab.campaign(name)
    except ConfigError as error:
        raise asked.missing(str(error)) from None
    return name


def _told(request: Request, state: State) -> dict[str, Any]:
    return {**state.plain(), "run": _run(request, state)}


def _run(request: Request, state: State) -> str:
    """Return the address of the run's page; empty as long as it has none."""
    folders = pages.folders(request)
    folders.add(state.campaign.results)
    if state.results is None:
        return ""
    folders.add(state.results)  # where it lies in a folder that is a run itself
    found = next((run for run in folders.all() if run.path == state.results), None)
    return str(request.url_for("run", run=found.name).path) if found else ""


def _tests(campaign: Campaign) -> str:
    """Return the folders and files of its tests, as its lab file names them."""
    return ", ".join(os.path.relpath(path, campaign.file.parent) for path in campaign.tests)


def _command(name: str, bench_lab: Any) -> str:
    """Return the command that starts a campaign in a terminal."""
    return " ".join(["virtualpytest", "run", name, *(f"--lab {path}" for path in bench_lab.sources)])
