"""Start an agent, or a Python for a worker, on a host: the only place that knows how execnet begins.

execnet's own ssh command has compression switched on, which makes frames six times slower and which no option
can switch off (``ssh -C -o Compression=no`` compresses), and opening has no time limit; so the command and the
pipes are made here, and execnet's bootstrap is sent through them.
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

from pytest_virtualpytest import trouble
from pytest_virtualpytest.exceptions import HostError
from pytest_virtualpytest.pipes import Pipes

OPEN_SECONDS = 20.0
AT_ONCE = 8  # sshd refuses more starts than about ten (MaxStartups)
TRIES = 5
CLOSE_SECONDS = 1.5

_OPTIONS = (
    "BatchMode=yes", "ConnectTimeout=5", "ServerAliveInterval=5", "ServerAliveCountMax=3", "ClearAllForwardings=yes",
)  # fmt: skip
_LINE = "import sys;exec(eval(sys.stdin.readline()))"
_READY = b"\x01"
_START = """
model = get_execmodel("MODEL")
io = init_popen_io(model)
io.write(b"\\x01")
serve(io, id="virtualpytest")
"""
_AGENT = "from virtualpytest_host.agent import serve\nserve(channel)"

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
    """A started Python: execnet's *gateway* to it, the *channel* to the agent in it, and how to end it."""

    def __init__(self, process: subprocess.Popen[bytes], notes: IO[bytes]) -> None:
        self.pipes = Pipes(process)
        self.gateway: Any = None
        self.channel: Any = None
        self._process, self._notes = process, notes
        self._ended = threading.Lock()

    def boot(self, spec: Any = None) -> None:
        """Start execnet there, and the agent in it unless it is for *spec*; OSError, EOFError or `trouble.Banner`."""
        import inspect

        import execnet
        from execnet import gateway_base
        from execnet.xspec import XSpec

        self.pipes.execmodel = gateway_base.get_execmodel("thread")
        start = _START.replace("MODEL", spec.execmodel if spec else "thread")
        self.pipes.write(repr(inspect.getsource(gateway_base) + start).encode() + b"\n")
        first = self.pipes.read(1)
        if first != _READY:
            raise trouble.Banner(first)
        self.gateway = execnet.Gateway(self.pipes, spec or XSpec("popen//id=virtualpytest"))
        if spec is None:
            self.channel = self.gateway.remote_exec(_AGENT)

    def kill(self) -> None:
        """End the connection now; whoever waits for it sees the end of file."""
        self._process.kill()

    def end(self, deadline: float) -> int | None:
        """Close the connection, wait for the agent to end until *deadline*, then end it; return the exit code."""
        self.pipes.hang_up()
        try:
            self._process.wait(max(0.01, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self._process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):  # it hangs in the kernel
                self._process.wait(0.5)
        return self._process.returncode

    def close(self, deadline: float) -> None:
        """End the connection as `end` does, and forget what it said."""
        with self._ended:
            self.end(deadline)
            self._notes.close()

    def said(self) -> str:
        """Return what ssh, or the agent, wrote to standard error."""
        with self._ended:
            if self._notes.closed:
                return ""
            self._notes.seek(0)
            return self._notes.read()[-4000:].decode(errors="replace").strip()

    def failure(self) -> str:
        """Return why the agent's code ended there, empty if the connection did."""
        from execnet.gateway_base import RemoteError

        try:
            self.channel.waitclose(0.2)
        except RemoteError as error:
            return str(error.formatted)
        except (OSError, EOFError, self.channel.TimeoutError):
            pass
        return ""


def check(host: HostSettings) -> None:
    """Raise HostError for a gateway that is refused."""
    kind, _, address = host.gateway.partition("=")
    if kind not in {"popen", "ssh"} or (kind == "ssh") != bool(address):
        raise HostError(f"host {host.name!r}: gateway {host.gateway!r} is refused; use 'popen' or 'ssh=user@machine'")
    if address.startswith("-") or address.partition("@")[2].startswith("-") or any(map(str.isspace, address)):
        raise HostError(f"host {host.name!r}: {address!r} is refused: a name has no blanks and no '-' in front")


def command(host: HostSettings) -> list[str]:
    """Return the command that starts Python on *host*, ready for the bootstrap."""
    kind, _, address = host.gateway.partition("=")
    if kind == "popen":
        return [*(shlex.split(host.python) if host.python else [sys.executable]), "-P", "-u", "-c", _LINE]
    options = [word for option in _OPTIONS for word in ("-o", option)]
    config = ["-F", host.ssh_config] if host.ssh_config else []
    return ["ssh", *config, *options, "--", address, f'{host.python or "python3"} -P -u -c "{_LINE}"']


def start(host: HostSettings, spec: Any = None) -> Link:
    """Return a link to a new agent on *host*, to a bare Python where execnet's *spec* says what for.

    HostError within the time limit if that fails.
    """
    check(host)
    deadline = time.monotonic() + OPEN_SECONDS
    if host.gateway == "popen":
        return _attempt(host, deadline, spec)
    with _slots_lock:
        slot = _slots.setdefault(host.gateway, threading.BoundedSemaphore(AT_ONCE))
    with slot:
        for tried in range(1, TRIES):
            try:
                return _attempt(host, deadline, spec)
            except HostError as error:
                if not trouble.crowded(str(error.details.get("stderr", ""))) or time.monotonic() > deadline:
                    raise
                time.sleep(random.uniform(0.1, 0.4) * tried)  # so that those refused do not return at once
        return _attempt(host, deadline, spec)


def _attempt(host: HostSettings, deadline: float, spec: Any) -> Link:
    """Start once, in a thread, since nothing in execnet ends by itself."""
    notes = tempfile.TemporaryFile()  # noqa: SIM115  # the link keeps it
    pipe = subprocess.PIPE
    words = command(host)
    try:
        process = subprocess.Popen(words, stdin=pipe, stdout=pipe, stderr=notes, start_new_session=True)
    except OSError as error:
        notes.close()
        raise HostError(f"host {host.name!r}: cannot run {words[0]!r}: {error.strerror}") from error
    link, result = Link(process, notes), list[BaseException | None]()
    thread = threading.Thread(target=_boot, args=(link, spec, result), daemon=True)
    thread.start()
    thread.join(max(0.1, deadline - time.monotonic()))
    if result == [None]:
        return link
    try:
        raise _explained(host, link, result[0] if result else None)
    finally:
        link.close(0)
        thread.join(1)
        link.pipes.close_read()


def _boot(link: Link, spec: Any, result: list[BaseException | None]) -> None:
    try:
        link.boot(spec)
    except (trouble.Banner, EOFError, OSError) as error:
        result.append(error)
    else:
        result.append(None)


def _explained(host: HostSettings, link: Link, error: BaseException | None) -> HostError:
    """Return what went wrong, in one line, from what the command said."""
    if error is None:
        return HostError(f"host {host.name!r}: no answer within {OPEN_SECONDS:g} s of starting {host.gateway}")
    if isinstance(error, trouble.Banner):
        link.kill()
        reason = trouble.banner(error.args[0] + link.pipes.rest())
        return HostError(f"host {host.name!r}: {reason}")
    code = link.end(time.monotonic() + 1)
    said = link.said()
    return HostError(f"host {host.name!r}: {trouble.reason(host, said, code)}", details={"stderr": said})
