"""What programs ask and do with the runs that wait for their turn.

/api/queue                         all of them, the next one first
/api/queue/{waiting}/withdraw      POST {}: it waits no more
"""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from virtualpytest_dashboard import acting
from virtualpytest_dashboard.campaigns.asked import nothing, seen
from virtualpytest_dashboard.campaigns.queue import Queue


def every(request: Request) -> Response:
    """Tell which runs wait for their turn, the next one first: each with its *place*, and for what it waits."""
    return JSONResponse({"waiting": [waiting.plain() for waiting in _queue(request).all()]})


async def withdraw(request: Request) -> Response:
    """Let a run wait no more; 409 if it does not."""

    def answer(request: Request, body: bytes) -> dict[str, Any]:
        nothing(body)
        number: int = request.path_params["waiting"]
        _queue(request).withdraw(number)
        return {"withdrawn": number}

    return await acting.acted(request, answer)


def _queue(request: Request) -> Queue:
    return Queue(request.app.state.kept, seen(request))
