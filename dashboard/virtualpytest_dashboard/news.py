"""What happens, told to programs over one WebSocket: ``/ws``.

server    {"events": [...]}    how everything is, first; then whatever has changed since

run        {"kind": "run", "run": name, "title", "version", "live", "total", "counts"}
device     {"kind": "device", "device": name, "host", "state", "holder", "why"}
campaign   {"kind": "campaign", "campaign": name, "running", "at", "code"}
incident   {"kind": "incident", "incident": id, "device", "what", "state": "open", "over" or "unseen", "begin", "end"}

A run's page and these tell the same version. What is gone is told once with ``"gone": true``. ``?kind=`` tells of these
alone, as often as it is said; ``?run=``, ``?device=``, ``?campaign=`` and ``?what=`` of what has such a name.
What changes twice between two looks, half a second apart, is told as it is then; an incident that begins and
ends between them is told as over.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket, WebSocketDisconnect

from virtualpytest_dashboard.campaigns.asked import desk
from virtualpytest_dashboard.guard import welcome
from virtualpytest_dashboard.lab import asked
from virtualpytest_dashboard.lab.site import Bench
from virtualpytest_dashboard.people import seen

KINDS = ("run", "device", "campaign", "incident")
_NAMES = ("run", "device", "campaign", "what")
_EVERY = 0.5
_REFUSED = 1008

Event = dict[str, Any]
Key = tuple[str, str]


async def news(socket: WebSocket) -> None:
    """Tell one program what happens until it goes."""
    if "origin" in socket.headers and not welcome(socket):  # a browser says from where; what is none need not
        await socket.close(_REFUSED)
        return
    await socket.accept()
    async with anyio.create_task_group() as group:
        group.start_soon(_tell, socket)
        await _gone(socket)
        group.cancel_scope.cancel()


async def _gone(socket: WebSocket) -> None:
    """Wait until the program goes; what it says meanwhile is not listened to."""
    while (await socket.receive())["type"] != "websocket.disconnect":
        pass


async def _tell(socket: WebSocket) -> None:
    last: Mapping[Key, Event] | None = None
    while True:
        now = await run_in_threadpool(_now, socket)
        if last is None or (changed := _changed(last, now)):
            events = list(now.values()) if last is None else changed
            try:
                await socket.send_text(json.dumps({"events": events}))
            except (WebSocketDisconnect, RuntimeError):  # it has just gone
                return
        last = now
        await asyncio.sleep(_EVERY)


def _changed(last: Mapping[Key, Event], now: Mapping[Key, Event]) -> list[Event]:
    gone = [{**event, "gone": True} for key, event in last.items() if key not in now]
    return [event for key, event in now.items() if last.get(key) != event] + gone


def _now(request: HTTPConnection) -> dict[Key, Event]:
    """Return how everything is that was asked for, by its kind and name."""
    kinds = request.query_params.getlist("kind") or KINDS
    named = {name: said for name in _NAMES if (said := request.query_params.get(name))}
    events = [event for event in _all(request, kinds) if all(event.get(name) == said for name, said in named.items())]
    return {(event["kind"], str(event[event["kind"]])): event for event in events}


def _all(request: HTTPConnection, kinds: Sequence[str]) -> Iterator[Event]:
    bench = _bench(request)
    told: dict[str, Callable[[], Iterable[Event]]] = {"run": lambda: _runs(request)}
    if bench is not None:
        told["device"] = lambda: _devices(bench)
        told["campaign"] = lambda: _campaigns(request)
        told["incident"] = lambda: _incidents(bench)
    for kind in kinds:
        for event in told.get(kind, tuple)():
            yield {"kind": kind, **event}


def _bench(request: HTTPConnection) -> Bench | None:
    """Return the lab; None where there is none, or its file has mistakes."""
    return asked.site(request).bench() if request.app.state.lab else None


def _runs(request: HTTPConnection) -> Iterator[Event]:
    for folder in seen.folders(request).all():
        run = folder.glance()
        words = {word: getattr(run, word) for word in ("title", "version", "live", "total")}
        yield {"run": run.id, **words, "counts": dict(run.counts)}


def _devices(bench: Bench) -> Iterator[Event]:
    for device in bench.survey.devices():
        words = {word: getattr(device, word) for word in ("host", "state", "holder", "why")}
        yield {"device": device.name, **words}


def _campaigns(request: HTTPConnection) -> Iterator[Event]:
    try:
        states = desk(request).campaigns.all()
    except HTTPException:  # the lab file was changed, and has a mistake now
        return
    for state in states:
        yield {"campaign": state.campaign.name, "running": state.running, "at": state.at, "code": state.code}


def _incidents(bench: Bench) -> Iterator[Event]:
    for one in bench.incidents.told().incidents:
        words = {word: getattr(one, word) for word in ("device", "what", "state", "begin", "end")}
        yield {"incident": one.id, **words}
