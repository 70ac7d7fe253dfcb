"""Serve the dashboard until Ctrl-C."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_virtualpytest.exceptions import ConfigError, VirtualPytestError

if TYPE_CHECKING:
    from virtualpytest_dashboard.lab.site import Site

PORT = 8400
_EXTRA = (
    "argon2", "cronsim", "jinja2", "prometheus_client", "regex", "sqlalchemy", "starlette", "uvicorn", "watchfiles",
    "websockets",
)  # fmt: skip
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def main(  # noqa: PLR0913 - each is an option of the command
    folders: Sequence[str],
    host: str = "127.0.0.1",
    port: int = PORT,
    ready: Callable[[str], object] | None = None,
    *,
    lab: Sequence[str] | None = None,
    control: bool = False,
    users: bool = False,
    names: Sequence[str] = (),
    database: str = "",
    days: float = 0,
    runs: int = 0,
) -> None:
    """Show the Allure results in *folders* until Ctrl-C; *ready* is told the address once it answers.

    Port 0 takes a free one. The lab of the files *lab* is shown too (where empty, the one that every command finds);
    None shows none. Where there are *users*, or any are known, people sign in, and *ready* is told a link for the first
    of them; without, nobody but this machine may look, and take devices where *control*. Only requests to a name or
    address of this machine are answered, and to *names*. What was read and made is kept in *database*, beside the
    results where there is none. Runs that ended more than *days* ago are removed, and all but the newest *runs*, 0 for
    no such rule; *ready* is told of each. A VirtualPytestError says what is missing or wrong, before all of it.
    """
    run = _server()
    paths = _checked(folders, empty=users)
    if control and host not in _LOOPBACK and not users:
        where = f"one of {', '.join(_LOOPBACK)}, or --users"
        raise ConfigError(f"the dashboard: --control on {host!r}: anybody could take devices; it wants {where}")
    with _listen(host, port) as listener, contextlib.ExitStack() as closing:
        site = None if lab is None else closing.enter_context(contextlib.closing(_site(lab)))
        run(paths, host, listener, ready or (lambda _: None), site, names, control=control, users=users,
            database=database, rules=(days, runs))  # fmt: skip


def prune(folders: Sequence[str], days: float, runs: int, *, database: str = "", yes: bool = False) -> Iterator[str]:
    """Yield a line for each run in *folders* that ended more than *days* ago, or is not among the newest *runs*.

    Those that nothing hinders are removed, if *yes*; else the lines say what would be.
    """
    if not days and not runs:
        raise ConfigError("prune: neither --days nor --runs: no run is too old, or too many")
    paths = _checked(folders)
    yield from _pruning()(paths, days, runs, database, yes=yes)


def _pruning() -> Callable[..., Iterator[str]]:
    _server()  # says what is missing
    from virtualpytest_dashboard.retaining import pruned

    return pruned


def _site(files: Sequence[str]) -> Site:
    from virtualpytest_dashboard.lab.site import Site

    return Site(files)


def _server() -> Callable[..., None]:
    try:
        from virtualpytest_dashboard.server import run
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in _EXTRA:
            raise
        raise VirtualPytestError(
            "the dashboard needs virtualpytest[dashboard]: pip install 'virtualpytest[dashboard]'"
        ) from error
    return run


def _checked(folders: Sequence[str], *, empty: bool = False) -> list[Path]:
    from virtualpytest_dashboard.folders import check

    return check(folders, empty=empty)


def _listen(host: str, port: int) -> socket.socket:
    if not 0 <= port <= 65535:
        raise ConfigError(f"the dashboard: {port} is no port; ports go from 0 (any free one) to 65535")
    try:
        family, _, _, _, address = socket.getaddrinfo(host or "0.0.0.0", port, type=socket.SOCK_STREAM)[0]
        return socket.create_server(address[:2], family=family)
    except socket.gaierror as error:
        raise ConfigError(f"the dashboard: no machine {host!r} to serve on") from error
    except OSError as error:
        raise ConfigError(_why_not(error, host, port)) from error


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"the dashboard: port {port} on {host} is taken; choose another, or 0 for any free one"
    if error.errno == errno.EACCES:
        return f"the dashboard: port {port} on {host} needs rights that this account lacks; choose one above 1023"
    why = os.strerror(error.errno) if error.errno else str(error)
    return f"the dashboard: cannot serve on {host} port {port}: {why}"
