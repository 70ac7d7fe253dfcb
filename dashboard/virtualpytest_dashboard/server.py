"""The server beneath the dashboard: one socket, quiet, gone at the first Ctrl-C."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

import uvicorn

from pytest_virtualpytest.exceptions import ConfigError
from virtualpytest_dashboard.app import LOOPBACK, create_app
from virtualpytest_dashboard.behind import Behind
from virtualpytest_dashboard.campaigns.scheduler import Scheduler
from virtualpytest_dashboard.guard import Guard
from virtualpytest_dashboard.lab.site import Site
from virtualpytest_dashboard.people import links
from virtualpytest_dashboard.retaining import kept_to
from virtualpytest_dashboard.retention import Rules
from virtualpytest_dashboard.store import postgresql
from virtualpytest_dashboard.store.database import Database

LOCAL = ("127.0.0.1", "localhost", "::1")
_ANYWHERE = ("", "0.0.0.0", "::")


def run(  # noqa: PLR0913 - each is an option of the command
    folders: Sequence[Path],
    host: str,
    listener: socket.socket,
    ready: Callable[[str], object],
    lab: Site | None = None,
    names: Sequence[str] = (),
    *,
    control: bool = False,
    users: bool = False,
    database: str = "",
    rules: tuple[float, int] = (0, 0),
) -> None:
    """Serve *folders* and *lab* on *listener* until Ctrl-C, to who calls this machine by its own names or *names*.

    A ConfigError says that others than this machine could look, without having to say who they are.
    """
    retain = Rules(*rules)
    retain.check()
    store = postgresql.address(database) if database else None
    own = _own() if host in _ANYWHERE else [_literal(host)]
    app = create_app(folders, [*LOOPBACK, *own, *names], lab, control=control, database=store, users=users)
    guard: Guard = app.state.guard
    if host not in LOCAL and not guard.on():
        raise ConfigError(
            f"the dashboard: on {host!r} anybody could look: add --users, so that people sign in, or serve on one of "
            f"{', '.join(LOCAL)}"
        )
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False, lifespan="off")
    address = f"http://{_literal(host)}:{listener.getsockname()[1]}/"
    logging.getLogger("uvicorn.error").addFilter(_news)
    schedules = Scheduler(lab, app.state.kept) if lab and (control or guard.on()) else contextlib.nullcontext()
    behind = Behind(app.state.folders)
    app.state.behind = behind
    with schedules, kept_to(app, retain, ready), behind, contextlib.suppress(KeyboardInterrupt):
        _Server(config, lambda: _say(ready, address, app.state.kept, guard)).run(sockets=[listener])
    app.state.folders.close()
    app.state.kept.close()


def _say(ready: Callable[[str], object], address: str, kept: Database, guard: Guard) -> None:
    """Say where the dashboard is, and where the first admin begins, if there shall be one and is none."""
    ready(address)
    if guard.on():
        with kept.writing() as connection:
            secret = links.for_the_first(connection)
        if secret:
            ready(f"to begin, once, within a day: {address}first/{secret}")


def _news(record: logging.LogRecord) -> bool:
    """Keep from the terminal what was only cut short by the end of the server."""
    return not (record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError))


def _own() -> set[str]:
    """Return the names and addresses of this machine: a page elsewhere must not reach it by a name that it made up."""
    name = socket.gethostname()
    found = {name, socket.getfqdn()}
    with contextlib.suppress(OSError):  # a name that nobody resolves
        found |= {_literal(str(info[4][0])) for info in socket.getaddrinfo(name, None)}
    return found


def _literal(host: str) -> str:
    return f"[{host}]" if ":" in host else host or "0.0.0.0"


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: Callable[[], object]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """End without waiting for a clip that somebody still watches."""
        super().handle_exit(sig, frame)
        self.force_exit = True
