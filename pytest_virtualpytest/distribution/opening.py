"""Open the gateways of workers on hosts, all at once, and see that each host can run what it is sent.

xdist opens its gateways itself, one after the other, by execnet's own ssh, which compresses, asks for passwords and
waits for ever; here they are opened as those to agents are. A host that is lost gets no worker any more: one that
takes the place of a dead worker then begins elsewhere, where tests may still need it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from importlib import metadata
from typing import Any

import pytest

from pytest_virtualpytest import transport
from pytest_virtualpytest.distribution.push import Suite
from pytest_virtualpytest.exceptions import ConfigError, HostError
from pytest_virtualpytest.outcome import LAB_FAULTS

AT_ONCE = 16
SECONDS = 60.0  # for a suite to arrive
_NEEDED = ("virtualpytest", "pytest", "pytest-xdist", "allure-pytest")
_VERSIONS = """
from importlib import metadata
found = {}
for name in channel.receive():
    try:
        found[name] = metadata.version(name)
    except metadata.PackageNotFoundError:
        pass
channel.send(found)
"""
_END = """
import os
pid = channel.receive()
try:
    with open(f"/proc/{pid}/cmdline") as line:
        if "sys.stdin.readline" in line.read():
            os.kill(pid, 9)
except OSError:
    pass
"""
_RECEIVE = "from virtualpytest_host.suites import receive\nreceive(channel)"


class Opening:
    """Gateways to the *hosts* of workers that run *suite*; *lose* is told of a host that cannot be reached."""

    def __init__(
        self, hosts: Mapping[str, transport.HostSettings], suite: Suite, lose: Callable[[str, str], None]
    ) -> None:
        self._hosts, self._suite, self._lose = hosts, suite, lose
        self._first: dict[str, Future[Any]] = {}
        self._sending = {name: threading.Lock() for name in hosts}
        self._lost: dict[str, str] = {}
        self._used: list[str] = []

    def begin(self, specs: list[Any]) -> None:
        """Open a gateway for each of *specs*, and take out those whose hosts cannot be reached; ConfigError."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            self._first = {spec.id: pool.submit(self._open, spec) for spec in specs}
        for spec in list(specs):
            error = self._first[spec.id].exception()
            if isinstance(error, HostError):
                self._give_up(spec.host, str(error))
                specs.remove(spec)
            elif error is not None:
                self._close()
                raise error
        self._used = list(dict.fromkeys(spec.host for spec in specs))
        self._any()

    def gateway(self, group: Any, spec: Any) -> Any:
        """Return the gateway of *spec*, or for a worker that comes later a new one, on another host if need be."""
        group.allocate_id(spec)
        first = self._first.pop(spec.id, None)
        gateway = first.result() if first else self._again(spec)
        spec.pid = gateway._rinfo().pid  # noqa: SLF001  # xdist asks for it in the same way
        group._register(gateway)  # noqa: SLF001  # so that xdist's group ends it
        return gateway

    def _close(self) -> None:
        for future in self._first.values():
            if future.exception() is None:
                future.result().link.close(0)

    def _again(self, spec: Any) -> Any:
        before = spec.host
        for host in self._places(before):
            spec.host = host
            try:
                gateway = self._open(spec)
            except HostError as error:
                self._give_up(host, str(error))
            else:
                return _without(gateway, spec.pid) if host == before else gateway
        return self._any()

    def _places(self, host: str) -> Iterator[str]:
        yield from (name for name in [host, *self._used] if name not in self._lost)

    def _give_up(self, host: str, why: str) -> None:
        if host not in self._lost:
            self._lost[host] = why
            self._lose(host, why)

    def _any(self) -> None:
        """End the run where no host is left."""
        if not set(self._used) - set(self._lost):
            pytest.exit(f"no host is left for the workers: {'; '.join(self._lost.values())}", LAB_FAULTS)

    def _open(self, spec: Any) -> Any:
        """Return a gateway to a Python that can run the suite, and has it."""
        link = transport.start(self._hosts[spec.host], spec)
        gateway = link.gateway
        try:
            self._compare(spec.host, gateway)
            with self._sending[spec.host]:  # others of the same host find it there
                gateway.folder = self._sent(spec.host, gateway)
        except BaseException:
            link.close(0)
            raise
        gateway.link = link  # it keeps what ssh and the worker say
        return gateway

    def _compare(self, host: str, gateway: Any) -> None:
        """Raise ConfigError unless *host* has what a worker needs, in the versions that are here."""
        channel = gateway.remote_exec(_VERSIONS)
        channel.send(list(_NEEDED))
        found = _answer(host, channel, transport.OPEN_SECONDS)
        channel.waitclose(transport.OPEN_SECONDS)
        python = self._hosts[host].python or "its Python"
        for name in _NEEDED:
            here, there = metadata.version(name), found.get(name)
            if there != here:
                has = f"{name} {there}, here is {here}" if there else f"no {name}"
                raise ConfigError(
                    f"host {host!r}: {python} has {has}; a worker there needs the same: "
                    f"pip install {name}{'[host]' if name == 'virtualpytest' else ''}=={here}"
                )

    def _sent(self, host: str, gateway: Any) -> str:
        """Return where *host* has the suite, sent if it did not have it."""
        channel = gateway.remote_exec(_RECEIVE)
        channel.send(self._suite.name)
        folder = _answer(host, channel, SECONDS)
        if folder is None:
            for piece in self._suite.pieces():
                channel.send(piece)
            channel.send(None)
            folder = _answer(host, channel, SECONDS)
        channel.waitclose(SECONDS)
        return str(folder)


def _without(gateway: Any, pid: int) -> Any:
    """End the worker that this one takes the place of: one that is stopped does not notice that nobody is there."""
    channel = gateway.remote_exec(_END)
    channel.send(pid)
    channel.waitclose(SECONDS)
    return gateway


def _answer(host: str, channel: Any, seconds: float) -> Any:
    """Return what comes through *channel* from *host* in time."""
    try:
        return channel.receive(seconds)
    except channel.RemoteError as error:
        said = str(error.formatted).strip().splitlines()[-1]
        raise HostError(f"host {host!r}: it cannot take the tests: {said}") from error
    except (EOFError, OSError) as error:
        raise HostError(f"host {host!r}: it was lost while it was sent the tests") from error
    except channel.TimeoutError as error:
        raise HostError(f"host {host!r}: no answer within {seconds:g} s of sending the tests") from error
