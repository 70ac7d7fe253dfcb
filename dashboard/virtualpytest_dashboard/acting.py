"""What acts: JSON that the guard lets through, and answers that say in JSON what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pytest_virtualpytest.exceptions import LeaseError, VirtualPytestError
from virtualpytest_dashboard.guard import Guard

_LARGEST = 16_384  # bytes of a request


async def acted(request: Request, answer: Callable[[Request, bytes], dict[str, Any]]) -> Response:
    """Let *answer* act on the request's body, in a thread, if the request comes from a page or a program of ours."""

    def guarded(request: Request, body: bytes) -> dict[str, Any]:
        guard(request).check(request)
        return answer(request, body)

    return await told(request, guarded)


async def told(request: Request, answer: Callable[[Request, bytes], dict[str, Any]]) -> Response:
    """Return as JSON what *answer* makes of the request's body, in a thread, or what went wrong."""
    try:
        body = await read(request, "application/json")
        return JSONResponse(await run_in_threadpool(answer, request, body))
    except HTTPException as error:
        return JSONResponse({"error": error.detail}, error.status_code, error.headers)
    except ValidationError as error:
        return JSONResponse({"error": _words(error)}, 422)
    except VirtualPytestError as error:
        return JSONResponse({"error": " ".join(str(error).split())}, 409 if isinstance(error, LeaseError) else 502)


def guard(request: Request) -> Guard:
    """Return who knows whom requests are of."""
    found: Guard = request.app.state.guard
    return found


async def read(request: Request, kind: str) -> bytes:
    """Return the body of *request*, which is of that *kind*; 415 and 413 where it is not, or too long."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LARGEST:
            raise HTTPException(413, f"more than {_LARGEST} bytes")
    if request.headers.get("content-type", "").partition(";")[0] != kind and (body or request.method != "DELETE"):
        raise HTTPException(415, f"send Content-Type: {kind}")
    return body


def _words(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'request'}: {first['msg']}"
