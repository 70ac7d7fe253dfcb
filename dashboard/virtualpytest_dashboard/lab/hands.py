"""What acts, all by POST with JSON, all through the guard.

/api/devices/{device}/control             take the device: {"hold": key, ...}; 409 where somebody holds it
/api/devices/{device}/control/act         {"hold": key, "action": {"do": "press", "key": "OK"}}
/api/devices/{device}/control/keep        {"hold": key}: the page is still there
/api/devices/{device}/control/release     {"hold": key}
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pytest_virtualpytest.exceptions import LeaseError, VirtualPytestError
from virtualpytest_dashboard.lab import asked
from virtualpytest_dashboard.lab.actions import Action
from virtualpytest_dashboard.lab.site import Bench
from virtualpytest_dashboard.lab.survey import in_a_line

_LARGEST = 16_384  # bytes of a request


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
    bench.control.act(device, wanted.hold, wanted.action.on)
    return {}


def keep(bench: Bench, device: str, body: bytes) -> dict[str, Any]:
    """Note that the page is there, and tell the seconds that are left without an action."""
    return {"left": bench.control.keep(device, Held.model_validate_json(body).hold)}


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
        return await acted(request, functools.partial(_answer, answer))

    return endpoint


async def acted(request: Request, answer: Callable[[Request, bytes], dict[str, Any]]) -> Response:
    """Let *answer* act on the request's body, in a thread, if the request may."""
    try:
        asked.site(request).guard.check(request)
        body = await _body(request)
        return JSONResponse(await run_in_threadpool(answer, request, body))
    except HTTPException as error:
        return JSONResponse({"error": error.detail}, error.status_code)
    except ValidationError as error:
        return JSONResponse({"error": _words(error)}, 422)
    except VirtualPytestError as error:
        return JSONResponse({"error": in_a_line(error)}, 409 if isinstance(error, LeaseError) else 502)


def _answer(answer: Callable[[Bench, str, bytes], dict[str, Any]], request: Request, body: bytes) -> dict[str, Any]:
    bench, device = asked.device(request)
    return answer(bench, device.name, body)


async def _body(request: Request) -> bytes:
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise HTTPException(415, "send JSON: Content-Type: application/json")
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LARGEST:
            raise HTTPException(413, f"more than {_LARGEST} bytes")
    return body


def _words(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'request'}: {first['msg']}"
