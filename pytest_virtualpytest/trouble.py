"""Why a host could not be opened, or was lost, in one line."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING

from pytest_virtualpytest.wire import GAVE_UP

if TYPE_CHECKING:
    from pytest_virtualpytest.transport import HostSettings

_CROWDED = ("kex_exchange_identification", "Connection reset by", "Connection closed by", "banner exchange")
_REASONS = (
    ("Could not resolve hostname", "its name is not known; check the spelling, or add it to ~/.ssh/config"),
    ("Connection refused", "the connection was refused; does an sshd run there, on that port?"),
    ("Host key verification failed", "its host key is not known or has changed; connect once by hand: ssh {address}"),
    ("Permission denied", "the key was refused; try by hand: ssh -o BatchMode=yes {address}"),
    ("Too many authentication failures", "the key was refused; try by hand: ssh -o BatchMode=yes {address}"),
    ("timed out", "no answer within the connection's time limit; is it up, and reachable from here?"),
    ("No route to host", "it cannot be reached from here: no route"),
)
_SSH = 255  # ssh's own exit code: the connection, not the command


class Banner(Exception):
    """Something other than our bootstrap wrote to standard output."""


def crowded(said: str) -> bool:
    """Tell whether sshd turned us away because too many came at once."""
    return any(word in said for word in _CROWDED)


def banner(seen: bytes) -> str:
    """Return the reason for output before ours."""
    lines = seen.decode(errors="replace").strip().splitlines()
    shown = f" ({lines[0][:60]!r})" if lines else ""
    return f"its login shell prints to standard output{shown}; let it print in interactive shells only"


def reason(host: HostSettings, said: str, code: int | None) -> str:
    """Return why the command that opens *host* ended with *code*, having *said* this."""
    address = host.gateway.partition("=")[2]
    python = host.python or ("python3" if address else "python")
    known = next((text for word, text in _REASONS if code == _SSH and word in said), "")
    if known:
        return known.format(address=address)
    if "unknown option -P" in said.lower() or "unknown option: -p" in said.lower():
        return f"its Python {python!r} is too old; virtualpytest needs 3.11 or newer"
    last = said.splitlines()[-1] if said else "it said nothing"
    if code in {126, 127}:
        return f"no Python there at {python!r}; set `python` to the path of one in the lab file ({last})"
    return f"its Python {python!r} did not start, {ending(code)}: {last}"


def missing(failure: str, python: str) -> str:
    """Return why the agent could not be imported, from the traceback of its host."""
    last = failure.strip().splitlines()[-1]
    if re.search(r"No module named '(virtualpytest_host|pytest_virtualpytest)'", last):
        return f"virtualpytest is not installed for {python!r} there; pip install 'virtualpytest[host]' with it"
    return f"its agent failed: {last}"


def ending(code: int | None) -> str:
    """Return in words how a process ended."""
    if code is None:
        return "it still runs"
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def loss(said: str, code: int | None, *, ssh: bool) -> str:
    """Return why the connection to an agent ended."""
    if code == GAVE_UP:
        return "its agent heard nothing from here for too long and gave up"
    last = said.splitlines()[-1].strip() if said else ""
    if ssh and code == _SSH:
        return f"the connection or the agent ended{f': {last}' if last else ''}"
    return f"its agent ended, {ending(code)}{f': {last}' if last else ''}"
