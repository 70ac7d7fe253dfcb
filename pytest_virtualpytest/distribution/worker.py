"""A worker's end: it tells what its tests need and do, and is told which devices to use."""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Generator
from typing import Any

import pytest

from pytest_virtualpytest import collection, provisioning
from pytest_virtualpytest.distribution import crash, hosted, side
from pytest_virtualpytest.distribution.loop import LazyLoop
from pytest_virtualpytest.distribution.scheduling import first_devices
from pytest_virtualpytest.distribution.units import wanted
from pytest_virtualpytest.exceptions import ConfigError, VirtualPytestError
from pytest_virtualpytest.run import Run

BEAT = 2.0


class Worker:
    """What a worker does beside xdist's own part."""

    def __init__(self, run: Run, channel: Any) -> None:
        self._run = run
        self._loop: LazyLoop | None = None
        self._ended = threading.Event()
        self._side = side.Side(channel, self._take)
        self._side.send("worker", os.getpid())
        run.watch(self._side.send)
        if run.site is not None:
            hosted.without_controller(run.config)
        if (home := run.config.workerinput.get(hosted.HOME)) is not None:  # type: ignore[attr-defined]
            self._ship(home)
        threading.Thread(target=self._beat, daemon=True, name="beat of the worker").start()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Tell what the tests need, before xdist tells which there are."""
        if any(collection.asks(item) for item in session.items):
            self._side.send("needs", *wanted(session.items, self._run.lab))
            self._loop = LazyLoop(_interactor(session.config))
            session.config.pluginmanager.register(self._loop, "virtualpytest-loop")
            threading.Thread(target=self._warm, daemon=True, name="first device").start()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Tell which test begins, and by what its result will be known should this process die in it."""
        identity = crash.identity(item) if self._run.folder else {}
        self._side.send("test", item.nodeid, json.dumps(identity))
        return (yield)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """End the heartbeat."""
        self._ended.set()

    def _ship(self, channel: Any) -> None:
        """Send home what this worker reports."""
        from pytest_virtualpytest.distribution.ship import Ship

        assert self._run.folder is not None
        ship = Ship(channel, self._run.folder)
        self._run.config.pluginmanager.register(ship, "virtualpytest-ship")
        self._run.journal.divert(ship.line)

    def _take(self, message: side.Message) -> None:
        word, *values = message
        if word == "assign":
            self._run.holding.preferred = values[0]
        elif word == "unfit":
            self._run.holding.unfit.setdefault(*values)
        elif word == "provisioned":
            provisioning.note(self._run.config, values[0])
        elif word == "finish" and self._loop is not None:
            self._loop.finish()

    def _warm(self) -> None:
        """Open the device that is likely to be the first one, while others still collect their tests."""
        for name in first_devices(self._run.worker, [device.name for device in self._run.lab.offered()]):
            with contextlib.suppress(VirtualPytestError):  # the first test on it will say so
                self._run.lab.look(name)

    def _beat(self) -> None:
        while not self._ended.wait(BEAT):
            self._side.send("beat")


def _interactor(config: pytest.Config) -> Any:
    """Return xdist's own part of this worker."""
    for plugin in config.pluginmanager.get_plugins():
        if type(plugin).__name__ == "WorkerInteractor":
            return plugin
    raise ConfigError("this pytest-xdist has no worker that can be told its tests one by one; use version 3.7 or newer")
