"""What acts, all by POST with JSON, all through the guard.

/api/devices/{device}/control             take the device: {"hold": key, ...}; 409 where somebody holds it
/api/devices/{device}/control/act         {"hold": key, "action": {"do": "press", "key": "OK"}}; what it answers
/api/devices/{device}/control/keep        {"hold": key}: the page is still there; what a followed command printed
/api/devices/{device}/control/release     {"hold": key}; {} by an admin: whoever holds it through this dashboard
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from virtualpytest_dashboard import acting
from virtualpytest_dashboard.lab import asked
from virtualpytest_dashboard.lab.actions import Action
from virtualpytest_dashboard.lab.site import Bench
from virtualpytest_dashboard.people import person
from virtualpytest_dashboard.people.person import Person

_Answer = Callable[[Bench, str, bytes, Person], dict[str, Any]]


class Held(BaseModel):
    """A request of who holds a device."""

    model_config = ConfigDict(extra="forbid")
    hold: Annotated[str, Field(max_length=200)]


class Released(BaseModel):
    """A request to give a device back; without a hold, whoever has it."""

    model_config = ConfigDict(extra="forbid")
    hold: Annotated[str, Field(max_length=200)] | None = None


class Acted(Held):
    """A request to do something with it."""

    action: Action


def act(bench: Bench, device: str, body: bytes, _who: Person) -> dict[str, Any]:
    """Do one thing with the device."""
    wanted = Acted.model_validate_json(body)
    return bench.control.act(device, wanted.hold, wanted.action.on) or {}


def keep(bench: Bench, device: str, body: bytes, _who: Person) -> dict[str, Any]:
    """Note that the page is there; tell the seconds that are left without an action, and what has been *printed*."""
    hold = Held.model_validate_json(body).hold
    return {"left": bench.control.keep(device, hold), "printed": bench.control.printed(device, hold)}


def release(bench: Bench, device: str, body: bytes, who: Person) -> dict[str, Any]:
    """Give the device back; an admin takes it from whoever holds it through this dashboard."""
    hold = Released.model_validate_json(body).hold
    if hold is not None:
        bench.control.release(device, hold)
    elif who.role == "admin":
        bench.control.free(device, f"{who.name} has released it")
    else:
        raise HTTPException(403, "hold: only an admin releases what somebody else holds")
    return {}


def take(bench: Bench, device: str, _body: bytes, who: Person) -> dict[str, Any]:
    """Take the device."""
    hold = bench.control.take(device, who.name)
    return {"hold": hold.key, "left": bench.control.keep(device, hold.key)}


def guarded(answer: _Answer) -> Callable[[Request], Any]:
    """Return the endpoint that lets *answer* act, in a thread, if the request may."""

    @functools.wraps(answer)
    async def endpoint(request: Request) -> Response:
        return await acting.acted(request, functools.partial(_answer, answer))

    return endpoint


def _answer(answer: _Answer, request: Request, body: bytes) -> dict[str, Any]:
    bench, device = asked.device(request)
    return answer(bench, device.name, body, person.of(request))
