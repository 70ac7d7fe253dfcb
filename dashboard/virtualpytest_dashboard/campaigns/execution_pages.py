"""What programs ask and do with selections of tests that are run once.

/api/execution                         the newest ones; POST a `Selection`: run it once
/api/execution/{execution}             one of them
/api/execution/{execution}/stop        POST {}: as Ctrl-C; a second time at once
"""

from __future__ import annotations

from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pytest_virtualpytest.exceptions import ConfigError
from virtualpytest_dashboard import acting
from virtualpytest_dashboard.campaigns.asked import desk, nothing
from virtualpytest_dashboard.campaigns.desk import Desk
from virtualpytest_dashboard.campaigns.executions import Execution, Selection
from virtualpytest_dashboard.lab import asked
from virtualpytest_dashboard.lab.campaign_pages import run_address


def every(request: Request) -> Response:
    """Tell the newest selections that were run once, with their states."""
    found = desk(request)
    return JSONResponse({"executions": [told(request, found, one) for one in found.ran()]})


def one(request: Request) -> Response:
    """Tell one selection that was run once, with its state."""
    found = desk(request)
    return JSONResponse(told(request, found, _of(request, found)))


async def start(request: Request) -> Response:
    """Run a selection of tests once."""

    def begin(request: Request, body: bytes) -> dict[str, Any]:
        found = desk(request)
        try:
            made, waiting = found.once(Selection.model_validate_json(body))
        except ConfigError as error:
            raise HTTPException(422, "; ".join(error.problems)) from error
        return {**told(request, found, made), "waiting": waiting.plain() if waiting else None}

    return await acting.acted(request, begin)


async def stop(request: Request) -> Response:
    """End the run of a selection, as Ctrl-C does; a second time, at once."""

    def end(request: Request, body: bytes) -> dict[str, Any]:
        nothing(body)
        found = desk(request)
        execution = _of(request, found)
        found.campaigns.stop(execution.wish.name)
        return told(request, found, execution)

    return await acting.acted(request, end)


def told(request: Request, found: Desk, execution: Execution) -> dict[str, Any]:
    """Return *execution* and its state as JSON has it."""
    state = found.campaigns.state(execution.wish.name)
    asked_for = {"id": execution.id, "selection": execution.selection.model_dump(), "asked": execution.at}
    return {**asked_for, **state.plain(), "run": run_address(request, state)}


def _of(request: Request, found: Desk) -> Execution:
    """Return the execution that the address names, or answer 404."""
    number: int = request.path_params["execution"]
    execution = next((one for one in found.ran() if one.id == number), None)
    if execution is None:
        raise asked.missing(f"no execution {number}: the newest 50 are known")
    return execution
