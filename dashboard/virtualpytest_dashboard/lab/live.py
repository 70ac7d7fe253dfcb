"""Live pictures and states over one WebSocket for each page.

page      {"show": ["stb1", ...], "size": "small"}     the devices that can be seen now; none while it is hidden
page      {"got": "stb1"}                              a picture was shown: the next one may come
server    {"devices": [...]}                           how devices are, whenever that changes
server    bytes: length of a header (4, big-endian), the header as JSON, a JPEG

The server sends no device's next picture before its last one was shown: a slow page sees fewer, and nothing queues.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict
from typing import Any

import anyio
from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect

from virtualpytest_dashboard.guard import welcome
from virtualpytest_dashboard.lab import asked
from virtualpytest_dashboard.lab.feeds import Feed, Shown
from virtualpytest_dashboard.lab.site import Bench

_STATES_EVERY = 0.5
_REFUSED, _NOT_UNDERSTOOD = 1008, 1003


async def live(socket: WebSocket) -> None:
    """Serve one page until it goes."""
    bench = await run_in_threadpool(asked.site(socket).bench)
    if bench is None or not welcome(socket):
        await socket.close(_REFUSED)
        return
    await socket.accept()
    with contextlib.closing(Page(socket, bench)) as page:
        async with anyio.create_task_group() as group:
            for talk in (page.listen, page.send_pictures, page.send_states):
                group.start_soon(_until_gone, talk, group.cancel_scope)


async def _until_gone(talk: Callable[[], Awaitable[None]], everything: anyio.CancelScope) -> None:
    """Do *talk* until the page goes, which ends *everything* with it."""
    with contextlib.suppress(WebSocketDisconnect):
        await talk()
    everything.cancel()


class Page:
    """One page that watches."""

    def __init__(self, socket: WebSocket, bench: Bench) -> None:
        self._socket, self._bench = socket, bench
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()
        self._watching = contextlib.ExitStack()
        self._feeds: dict[str, Feed] = {}
        self._sent: dict[str, int] = {}
        self._unseen: set[str] = set()

    async def listen(self) -> None:
        """Take what the page says until it goes."""
        while True:
            try:
                self._take(dict(json.loads(await self._socket.receive_text())))
            except (ValueError, TypeError, KeyError):  # KeyError: bytes, where words should be
                await self._socket.close(_NOT_UNDERSTOOD)
                return

    async def send_pictures(self) -> None:
        """Send each device's newest picture whenever the page is ready for it."""
        while True:
            await self._news.wait()
            self._news.clear()
            for name, feed in list(self._feeds.items()):
                shown = feed.shown
                if name not in self._unseen and shown.number and shown.number != self._sent.get(name):
                    self._unseen.add(name)
                    self._sent[name] = shown.number
                    await self._socket.send_bytes(_packed(name, shown))

    async def send_states(self) -> None:
        """Send how devices are, whenever that changes."""
        last: Any = None
        while True:
            states = [state.plain() for state in self._bench.survey.devices()]
            if states != last:
                await self._socket.send_text(json.dumps({"devices": states}))
                last = states
            await asyncio.sleep(_STATES_EVERY)

    def close(self) -> None:
        """Watch no more."""
        self._watching.close()

    def _take(self, said: dict[str, Any]) -> None:
        if "show" in said:
            self._show([str(name) for name in said["show"]], str(said.get("size", "small")))
        if "got" in said:
            self._unseen.discard(str(said["got"]))
        self._news.set()

    def _show(self, names: Iterable[str], size: str) -> None:
        watching = contextlib.ExitStack()
        feeds = {name: feed for name in names if (feed := self._bench.feeds.of(name, size))}
        for feed in feeds.values():
            watching.enter_context(feed.watched(self._tell))
        self._watching.close()
        self._watching, self._feeds = watching, feeds
        self._unseen.clear()
        self._sent.clear()

    def _tell(self) -> None:
        with contextlib.suppress(RuntimeError):  # the server has ended meanwhile
            self._loop.call_soon_threadsafe(self._news.set)


def _packed(name: str, shown: Shown) -> bytes:
    facts = {word: value for word, value in asdict(shown).items() if word != "jpeg"}
    header = json.dumps({"device": name, **facts}).encode()
    return len(header).to_bytes(4) + header + shown.jpeg
