"""Start an agent on a host and give the channel to it: the only place that knows execnet.

execnet's own ssh command has compression switched on, which makes frames six times slower and cannot be
switched off by options, and has no time limit; so the command is made here and handed to execnet's bootstrap.
"""

from __future__ import annotations

import contextlib
import random
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from typing import IO, Any, Protocol

from pytest_virtualpytest.exceptions import HostError

OPEN_SECONDS = 20.0
AT_ONCE = 8  # sshd refuses more starts than about ten (MaxStartups)
TRIES = 4

_OPTIONS = ("BatchMode=yes", "ConnectTimeout=5", "ServerAliveInterval=5", "ServerAliveCountMax=3")
_AGENT = "from virtualpytest_host.agent import serve\nserve(channel)"
_BUSY = ("kex_exchange_identification", "Connection reset", "Connection closed by")
_REASONS = (
    ("Could not resolve hostname", "its name is not known; check the spelling, or add it to ~/.ssh/config"),
    ("Connection refused", "the connection was refused; does an sshd run there, on that port?"),
    ("Host key verification failed", "its host key is not known or has changed; connect once by hand: {ssh}"),
    ("Permission denied", "the key was refused; try by hand without a password: {ssh}"),
    ("Too many authentication failures", "the key was refused; try by hand without a password: {ssh}"),
    ("timed out", "no answer within the connection's time limit; is it up, and reachable from here?"),
    ("No route to host", "it cannot be reached from here: no route"),
)

_slots: dict[str, threading.BoundedSemaphore] = {}
_slots_lock = threading.Lock()


class HostSettings(Protocol):
    """What the lab file says of a host."""

    @property
    def name(self) -> str:
        """Its name in the lab."""

    @property
    def gateway(self) -> str:
        """``popen`` or ``ssh=user@machine``."""

    @property
    def python(self) -> str | None:
        """The Python there, perhaps with words before it."""

    @property
    def ssh_config(self) -> str | None:
        """An ssh configuration file."""


class Link:
    """A started agent: *channel* to it, and how to end it."""

    def __init__(self, channel: Any, io: Any, notes: IO[bytes]) -> None:
        self.channel = channel
        self._io, self._notes = io, notes

    def close(self) -> None:
        """Close the connection; the agent ends by itself when it sees the end of file."""
        with contextlib.suppress(OSError):  # it may be gone already
            self._io.close_write()
        threading.Thread(target=self._reap, daemon=True).start()

    def complaint(self) -> str:
        """Return the last line that ssh or the agent wrote to standard error."""
        self._notes.seek(0)
        lines = self._notes.read()[-4000:].decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def _reap(self) -> None:
        try:
            self._io.popen.wait(2)
        except subprocess.TimeoutExpired:
            self._io.popen.kill()
            self._io.popen.wait()


def check(host: HostSettings) -> None:
    """Raise HostError for a gateway that is refused."""
    kind, _, address = host.gateway.partition("=")
    if kind not in {"popen", "ssh"} or (kind == "ssh") != bool(address):
        raise HostError(f"host {host.name!r}: gateway {host.gateway!r} is refused; use 'popen' or 'ssh=user@machine'")
    if address.startswith("-") or address.partition("@")[2].startswith("-") or any(map(str.isspace, address)):
        raise HostError(f"host {host.name!r}: {address!r} is refused: a name has no blanks and no '-' in front")


def command(host: HostSettings) -> list[str]:
    """Return the command that starts Python on *host*, ready for execnet's bootstrap."""
    line = "import sys;exec(eval(sys.stdin.readline()))"
    kind, _, address = host.gateway.partition("=")
    if kind == "popen":
        return [*(shlex.split(host.python) if host.python else [sys.executable]), "-u", "-c", line]
    options = [word for option in _OPTIONS for word in ("-o", option)]
    config = ["-F", host.ssh_config] if host.ssh_config else []
    return ["ssh", *config, *options, "--", address, f'{host.python or "python3"} -u -c "{line}"']


def start(host: HostSettings) -> Link:
    """Return a link to a new agent on *host*, or raise HostError within the time limit."""
    check(host)
    if host.gateway == "popen":
        return _attempt(host)
    with _slots_lock:
        slot = _slots.setdefault(host.gateway, threading.BoundedSemaphore(AT_ONCE))
    with slot:
        for left in range(TRIES - 1, -1, -1):
            try:
                return _attempt(host)
            except HostError as error:
                if not left or not any(word in str(error.details.get("stderr", "")) for word in _BUSY):
                    raise
                time.sleep(random.uniform(0.2, 1.0) * (TRIES - left))
    raise AssertionError("unreachable")


def _attempt(host: HostSettings) -> Link:
    """Start once, in a thread, since nothing in execnet ends by itself."""
    notes = tempfile.TemporaryFile()  # noqa: SIM115  # the link keeps it
    try:
        process = subprocess.Popen(
            command(host), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=notes, start_new_session=True
        )
    except OSError as error:
        raise HostError(f"host {host.name!r}: cannot run {command(host)[0]!r}: {error.strerror}") from error
    result: list[Link | BaseException] = []
    thread = threading.Thread(target=_boot, args=(host, process, notes, result), daemon=True)
    thread.start()
    thread.join(OPEN_SECONDS)
    if result and isinstance(result[0], Link):
        return result[0]
    if not result:
        process.kill()
        raise HostError(f"host {host.name!r}: no answer within {OPEN_SECONDS:.0f} s of starting {host.gateway}")
    raise _explain(host, process, notes, result[0])


def _boot(host: HostSettings, process: Any, notes: IO[bytes], result: list[Any]) -> None:
    from execnet import gateway_bootstrap
    from execnet.gateway_base import Popen2IO, get_execmodel
    from execnet.xspec import XSpec

    class Pipe(Popen2IO):
        popen = process

        def wait(self) -> int | None:
            return int(process.wait())

        def kill(self) -> None:
            process.kill()

    try:
        model = get_execmodel("thread")
        spec = XSpec(f"popen//python=python//id={host.name}//execmodel=thread")
        io = Pipe(process.stdin, process.stdout, model)
        gateway = gateway_bootstrap.bootstrap(io, spec)
        result.append(Link(gateway.remote_exec(_AGENT), io, notes))
    except (AssertionError, EOFError, OSError) as error:
        result.append(error)


def _explain(host: HostSettings, process: Any, notes: IO[bytes], error: object) -> HostError:
    """Return what went wrong in one line, from what the command said."""
    try:
        code = process.wait(0.5)
    except subprocess.TimeoutExpired:
        code = None
    noise = b""
    if isinstance(error, AssertionError) and code is None:
        process.kill()
        noise = process.stdout.read(200)
    notes.seek(0)
    said = notes.read()[-4000:].decode(errors="replace").strip()
    return HostError(f"host {host.name!r}: {_reason(host, said, code, error, noise)}", details={"stderr": said})


def _reason(host: HostSettings, said: str, code: int | None, error: object, noise: bytes) -> str:
    address = host.gateway.partition("=")[2]
    if isinstance(error, AssertionError):
        line = noise.decode(errors="replace").strip().splitlines()
        seen = f" ({line[0][:60]!r}…)" if line else ""
        return f"its login shell prints to standard output{seen}; print only in interactive shells there"
    known = next((text for word, text in _REASONS if code == 255 and word in said), "")
    if known:
        return known.format(ssh=f"ssh {address}")
    last = said.splitlines()[-1] if said else "no message"
    if code in {126, 127}:
        return f"no Python there at {host.python or 'python3'!r}; say python = \"/path/to/python\" for it ({last})"
    return f"its Python did not start, exit code {code}: {last}"
