"""What acts, all by POST with JSON, all through the guard.

/api/devices/{device}/control             take the device: {"hold": key, ...}; 409 where somebody holds it
/api/devices/{device}/control/act         {"hold": key, "action": {"do": "press", "key": "OK"}}; what it answers
/api/devices/{device}/control/keep        {"hold": key}: the page is still there; what a followed command printed
/api/devices/{device}/control/release     {"hold": key}
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from virtualpytest_dashboard import acting
from virtualpytest_dashboard.lab import asked
from virtualpytest_dashboard.lab.actions import Action
from virtualpytest_dashboard.lab.site import Bench


class Held(BaseModel):
    """A request of who holds a device."""

    model_config = ConfigDict(extra="forbid")
    hold: Annotated[str, Field(max_length=200)]


class Acted(Held):
    """A request to do something with it."""

    action: Action


def act(bench: Bench, device: str, body: bytes) -> dict[str, Any]:
    """Do one thing with the device."""
    wanted = Acted.model_validate_json(body)
    return bench.control.act(device, wanted.hold, wanted.action.on) or {}


def keep(bench: Bench, device: str, body: bytes) -> dict[str, Any]:
    """Note that the page is there; tell the seconds that are left without an action, and what has been *printed*."""
    hold = Held.model_validate_json(body).hold
    return {"left": bench.control.keep(device, hold), "printed": bench.control.printed(device, hold)}


def release(bench: Bench, device: str, body: bytes) -> dict[str, Any]:
    """Give the device back."""
    bench.control.release(device, Held.model_validate_json(body).hold)
    return {}


def take(bench: Bench, device: str, _body: bytes) -> dict[str, Any]:
    """Take the device."""
    hold = bench.control.take(device)
    return {"hold": hold.key, "left": bench.control.keep(device, hold.key)}


def guarded(answer: Callable[[Bench, str, bytes], dict[str, Any]]) -> Callable[[Request], Any]:
    """Return the endpoint that lets *answer* act, in a thread, if the request may."""

    async def endpoint(request: Request) -> Response:
        return await acting.acted(request, functools.partial(_answer, answer))

    return endpoint


def _answer(answer: Callable[[Bench, str, bytes], dict[str, Any]], request: Request, body: bytes) -> dict[str, Any]:
    bench, device = asked.device(request)
    return answer(bench, device.name, body)
