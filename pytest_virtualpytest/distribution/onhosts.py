"""Workers on the hosts of the lab: each drives the devices of its own host, and what it reports comes home.

--vpt-on-hosts ─ choose ──→ xdist's list of workers, "popen//host=rack1" for each
xdist opens one ─ Opening ─→ a Python there, through the lab's own gateway; the tests, sent where they are not
xdist starts it ─ hosted ──→ xdist's own worker there; on its side plugin and fixtures as ever, site = its host
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_virtualpytest.distribution import hosted
from pytest_virtualpytest.distribution.free import FREE
from pytest_virtualpytest.distribution.home import Home
from pytest_virtualpytest.distribution.opening import Opening
from pytest_virtualpytest.distribution.push import Suite, suite
from pytest_virtualpytest.exceptions import ConfigError

if TYPE_CHECKING:
    from pytest_virtualpytest.config import DeviceConfig
    from pytest_virtualpytest.run import Run

RESTARTS = 4  # of a worker, as xdist has it where it counts the workers itself
_PATHS = ("cache/lastfailed",)  # what --lf and --ff ask for


def choose(config: pytest.Config, devices: list[DeviceConfig]) -> None:
    """Have xdist start a worker for each of *devices* on its host, or as many as ``-n`` says; ConfigError."""
    option = config.option
    if not hasattr(option, "tx"):
        raise ConfigError("--vpt-on-hosts needs pytest-xdist: do not switch it off with `-p no:xdist`")
    if option.tx or option.dist != "no":
        raise ConfigError("--vpt-on-hosts chooses the workers and how tests are spread: leave --tx, --dist and -d out")
    places = [device.host for device in devices]
    hosts = list(dict.fromkeys(places))
    if option.numprocesses in {None, "auto", "logical"}:
        config.stash[FREE] = frozenset(device.name for device in devices)
    else:
        places = [host for host, _ in zip(itertools.cycle(hosts), range(option.numprocesses), strict=False)]
    if not places or not set(hosts) <= set(places):
        raise ConfigError(
            f"--vpt-on-hosts with {len(places)} workers: {len(devices)} devices on {len(hosts)} hosts: "
            f"{', '.join(hosts) or 'none'}; each host needs a worker, or name devices: --vpt-device"
        )
    option.tx = [f"popen//host={host}" for host in places]
    option.numprocesses, option.dist = None, "load"
    if option.maxworkerrestart is None:
        option.maxworkerrestart = str(RESTARTS * len(places))


class OnHosts:
    """The controller's end."""

    def __init__(self, run: Run, lost: Callable[[str, str], None]) -> None:
        self._run, self._lost = run, lost
        self._home = Home(run.folder, run.say) if run.folder else None
        self._suite: Suite | None = None
        self._opening: Opening | None = None
        self._ready: set[Any] = set()

    def pytest_xdist_setupnodes(self, config: pytest.Config, specs: list[Any]) -> None:
        """Open all the gateways at once, and have xdist take these."""
        try:
            self._suite = suite(config, self._run.settings.sources)
            self._opening = Opening(self._run.settings.hosts, self._suite, self._lose)
            self._opening.begin(specs)
        except ConfigError as error:
            raise pytest.UsageError(*error.problems) from None
        config.option.tx = [str(spec) for spec in specs]
        session: Any = config.pluginmanager.get_plugin("dsession")
        group, opening = session.nodemanager.group, self._opening
        group.makegateway = lambda spec: opening.gateway(group, spec)

    def pytest_configure_node(self, node: Any) -> None:
        """Say where the worker is, and what it is to do there."""
        node.workerinput[hosted.KEY] = self._told(node)
        if self._home is not None:
            channel = node.gateway.newchannel()
            node.workerinput[hosted.HOME] = channel
            self._home.hear(node, channel)

    def pytest_xdist_getremotemodule(self) -> str:
        """Return what begins a worker: xdist's own, once it is where it belongs."""
        return "from pytest_virtualpytest.distribution import hosted\nhosted.work(channel)"

    def pytest_testnodeready(self, node: Any) -> None:
        """Take note of a worker that has begun."""
        self._ready.add(node)

    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """Forget what a worker had half sent; one that could not even begin would not begin again either."""
        if self._home is not None:
            self._home.forget(node)
        if node not in self._ready and (said := str(error or "").strip()) and "Traceback" in said:
            pytest.exit(f"host {node.gateway.spec.host!r}: its worker could not begin: {said.splitlines()[-1]}", 4)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """See that all is home before the run is said to have ended."""
        try:
            return (yield)
        finally:
            if self._home is not None:
                self._home.close()

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what has come home, and what has not."""
        if self._home is not None:
            terminalreporter.write_line(self._home.summary())

    def _lose(self, host: str, why: str) -> None:
        """Use no device of *host* any more."""
        for device in self._run.lab.devices:
            if device.host == host:
                self._lost(device.name, why)

    def _told(self, node: Any) -> dict[str, Any]:
        config, packed, folder = self._run.config, self._suite, node.gateway.folder
        assert packed is not None
        words = [packed.word(str(word), folder) for word in config.invocation_params.args]
        cache = {name: config.cache.get(name, None) for name in _PATHS} if config.cache else {}
        return {
            "host": node.gateway.spec.host,
            "here": packed.there(config.invocation_params.dir, folder),
            "root": packed.there(config.rootpath, folder),
            "settings": packed.there(config.inipath, folder) if config.inipath else "",
            "args": words,
            "path": [packed.there(path, folder) for path in _own_path(packed.base)],
            "environment": self._environment(node.gateway.spec.host, folder),
            "cache": {name: value for name, value in cache.items() if value},
            "results": self._home is not None,
        }

    def _environment(self, host: str, folder: str) -> Mapping[str, str]:
        """Return what the worker must find set: the lab files, and the secrets of its own devices."""
        from pytest_virtualpytest.config.loading import VARIABLE

        assert self._suite is not None
        files = [Path(word) for word in os.environ.get(VARIABLE, "").split(os.pathsep) if word]
        devices = [device for device in self._run.lab.devices if device.host == host]
        names = {secret.variable for device in devices for secret in device.secrets()}
        labs = os.pathsep.join(self._suite.there(path, folder) for path in files)
        return {name: os.environ[name] for name in sorted(names) if name in os.environ} | {VARIABLE: labs}


def _own_path(base: Path) -> list[Path]:
    """Return the folders among the suite's that this process imports from."""
    from xdist.plugin import _sys_path

    paths = [Path(word or ".").absolute() for word in _sys_path]
    return [path for path in paths if path.is_relative_to(base)]
