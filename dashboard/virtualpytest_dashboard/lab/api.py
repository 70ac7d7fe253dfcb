"""The lab as JSON and pictures, for programs and for our own pages.

/api/hosts                                    how each host is
/api/devices, /api/devices/{device}           how each device is, who holds it
/api/devices/{device}/picture                 JPEG, the newest (?width=)
/api/devices/{device}/frame                   PNG, the newest, as a test's reference wants it
/api/devices/{device}/clip                    MP4 of the last seconds (?seconds=)
/api/restart/images?device_id=                the moments of the last seconds whose pictures can be had
/api/restart/images/{captured}?device_id=     JPEG, one of them
/api/monitoring                               how many hosts and devices are in which state, and what is wrong

Errors are ``{"error": words}``.
"""

from __future__ import annotations

import functools
import math
from collections import Counter
from collections.abc import Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pytest_virtualpytest.exceptions import CaptureError, ConfigError, LabFault, VirtualPytestError
from virtualpytest_dashboard.lab import asked
from virtualpytest_dashboard.lab.states import DeviceState, HostState
from virtualpytest_dashboard.lab.survey import in_a_line
from virtualpytest_dashboard.openapi import asks, gives

LOOK_BACK = 30.0  # seconds that a recorder's ring holds of most streams

_width = asks("width", "pixels, at most", type="integer", minimum=16, maximum=4096)
_seconds = asks("seconds", "how far back", type="number", minimum=1, maximum=600)
_device = asks("device_id", "which device", required=True)


def answered(answer: Callable[[Request], Response]) -> Callable[[Request], Response]:
    """Make errors of *answer* JSON: 4xx as raised, 502 where the lab is at fault."""

    @functools.wraps(answer)
    def guarded(request: Request) -> Response:
        try:
            return answer(request)
        except HTTPException as error:
            return JSONResponse({"error": error.detail}, error.status_code)
        except (LabFault, ConfigError, VirtualPytestError) as error:
            return JSONResponse({"error": in_a_line(error)}, 410 if isinstance(error, CaptureError) else 502)

    return guarded


def hosts(request: Request) -> Response:
    """Tell how each host is."""
    return JSONResponse({"hosts": [host.plain() for host in asked.bench(request).survey.hosts()]})


def devices(request: Request) -> Response:
    """Tell how each device is."""
    return JSONResponse({"devices": [device.plain() for device in asked.bench(request).survey.devices()]})


def device(request: Request) -> Response:
    """Tell how one device is."""
    bench, found = asked.device(request)
    return JSONResponse(bench.survey.device(found.name).plain())


@_width
@gives("image/jpeg")
def picture(request: Request) -> Response:
    """Give the newest picture as JPEG."""
    bench, found = asked.device(request)
    width = int(asked.number(request, "width", 960, 16, 4096))
    reply = bench.reach.call(found, "screen.live", {"width": width})
    return _picture(reply.blobs, reply.value["captured"])


@gives("image/png")
def frame(request: Request) -> Response:
    """Give the newest picture as it is, as PNG."""
    bench, found = asked.device(request)
    reply = bench.reach.call(found, "screen.frame")
    headers = {"Content-Disposition": f'inline; filename="{found.name}.png"', "Cache-Control": "no-store"}
    return Response(bytes(reply.blobs[0]), media_type="image/png", headers=headers)


@_seconds
@gives("video/mp4")
def clip(request: Request) -> Response:
    """Give the last seconds as MP4, to keep."""
    bench, found = asked.device(request)
    seconds = asked.number(request, "seconds", LOOK_BACK, 1, 600)
    reply = bench.reach.call(found, "screen.clip", {"seconds": seconds}, seconds=30)
    headers = {"Content-Disposition": f'attachment; filename="{found.name}.mp4"', "Cache-Control": "no-store"}
    return Response(bytes(reply.blobs[0]), media_type="video/mp4", headers=headers)


@_device
@_seconds
@asks("every", "seconds between two of them", type="number", minimum=0.04, maximum=60)
def restart_images(request: Request) -> Response:
    """List the moments of the last seconds whose pictures can be had, the newest last."""
    bench, found = asked.device(request, _device_id(request))
    wanted = {
        "seconds": asked.number(request, "seconds", LOOK_BACK, 1, 600),
        "every": asked.number(request, "every", 1, 0.04, 60),
    }
    told = bench.reach.call(found, "screen.past", wanted).value
    images = [_image(request, found.name, moment, told["now"]) for moment in told["moments"]]
    return JSONResponse({"device_id": found.name, "images": images})


@_device
@_width
@gives("image/jpeg")
def restart_image(request: Request) -> Response:
    """Give the picture of one of those moments as JPEG; 410 where the ring has overwritten it."""
    bench, found = asked.device(request, _device_id(request))
    width = int(asked.number(request, "width", 960, 16, 4096))
    captured = asked.moment(request, "captured")
    reply = bench.reach.call(found, "screen.still", {"captured": captured, "width": width})
    return _picture(reply.blobs, reply.value["captured"], kept=True)


def monitoring(request: Request) -> Response:
    """Tell how many hosts and devices are in which state, and all that is wrong."""
    survey = asked.bench(request).survey
    known, found = survey.hosts(), survey.devices()
    return JSONResponse(
        {
            "hosts": Counter(host.state for host in known),
            "devices": Counter(device.state for device in found),
            "waiting": sum(len(device.waiting) for device in found),
            "problems": problems(known, found),
        }
    )


def problems(hosts: list[HostState], devices: list[DeviceState]) -> list[dict[str, str]]:
    """Return what is wrong, each with the host or device that it is about."""
    found = [_problem("host", host.name, host.name, why) for host in hosts for why in (host.why, *host.problems) if why]
    found += [_problem("device", device.name, device.host, device.why) for device in devices if device.why]
    seen = [device for device in devices if "screen" in device.capabilities]
    wrong = [(device, why) for device in seen for why in (device.no_picture, device.halting) if why]
    return found + [_problem("device", device.name, device.host, why) for device, why in wrong]


def _problem(kind: str, name: str, host: str, why: str) -> dict[str, str]:
    return {"kind": kind, "name": name, "host": host, "why": why}


def _device_id(request: Request) -> str:
    name = request.query_params.get("device_id")
    if not name:
        raise HTTPException(422, "say which device: ?device_id=NAME")
    return name


def _image(request: Request, device: str, captured: float, now: float) -> dict[str, Any]:
    moment = f"{math.floor(captured * 1e6) / 1e6:.6f}"  # never later than the picture itself
    address = request.url_for("api-restart-image", captured=moment).include_query_params(device_id=device)
    return {"captured": captured, "age": round(now - captured, 3), "url": f"{address.path}?{address.query}"}


def _picture(blobs: Any, captured: float, *, kept: bool = False) -> Response:
    if not blobs:
        raise HTTPException(410, "no picture has come for a second")
    headers = {"Cache-Control": "private, max-age=600" if kept else "no-store", "X-Captured": f"{captured:.6f}"}
    return Response(bytes(blobs[0]), media_type="image/jpeg", headers=headers)
