"""Provisioning: what is to be tested is put on each device, once in a run, before the device's first test."""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_virtualpytest import campaign
from pytest_virtualpytest.exceptions import ConfigError, NotReady, VirtualPytestError

if TYPE_CHECKING:
    from pytest_virtualpytest.config import Campaign
    from pytest_virtualpytest.deadlines import Deadlines
    from pytest_virtualpytest.device import Device
    from pytest_virtualpytest.run import Run

NAME = "virtualpytest-provisioning"
_SPENT = pytest.StashKey[float]()
SECONDS = 1800.0  # that it may take: a test's deadline is too short for it


class Provisioning:
    """Calls the *function* of a campaign with each device once; *done* names the devices that need it no more."""

    def __init__(self, run: Run, word: str, function: Callable[[Device], Any]) -> None:
        self._run, self._word, self._function = run, word, function
        self.done: set[str] = set()

    def prepare(self, device: Device) -> None:
        """Provision *device* unless some process of the run has done it; NotReady if that fails."""
        if device.name in self.done:
            return
        deadlines: Deadlines | None = self._run.config.pluginmanager.get_plugin("virtualpytest-deadlines")
        assert deadlines is not None
        with device.link.step(f"provision: {self._word}", {}), deadlines.watch(SECONDS, f"provision {self._word}"):
            call = pytest.CallInfo.from_call(
                lambda: self._function(device), when="setup", reraise=(KeyboardInterrupt, pytest.exit.Exception)
            )
            if call.excinfo is not None:
                raise self._failure(device, call.excinfo.value) from call.excinfo.value
        self.done.add(device.name)
        self._run.tell("provisioned", device.name)

    def _failure(self, device: Device, error: BaseException) -> NotReady:
        told = error if isinstance(error, VirtualPytestError) else VirtualPytestError("")
        where = f"device {device.name!r} on host {device.host!r}: provision {self._word}"
        return NotReady(f"{where}: {type(error).__name__}: {error}", details=told.details, pictures=told.pictures)


def plan(run: Run) -> None:
    """Find the function of the campaign of *run*, if it has one; ConfigError if it is not there."""
    chosen = campaign.of(run.config)
    if chosen is None or chosen.provision is None:
        return
    folders = dict.fromkeys([str(chosen.file.parent), str(run.config.rootpath)])
    _extend_path(run.config, [folder for folder in folders if folder not in sys.path])
    provisioning = Provisioning(run, chosen.provision, _function(chosen, chosen.provision, list(folders)))
    run.config.pluginmanager.register(provisioning, NAME)


def prepare(run: Run, item: pytest.Item, device: Device) -> None:
    """Provision *device*, where the campaign of *run* says how, before *item* runs on it."""
    if (provisioning := _of(run.config)) is not None:
        begin = time.perf_counter()
        try:
            provisioning.prepare(device)
        finally:
            item.stash[_SPENT] = spent(item) + time.perf_counter() - begin


def spent(item: pytest.Item) -> float:
    """Return the seconds of *item* in which devices were provisioned: it will not take them again."""
    return item.stash.get(_SPENT, 0.0)


def note(config: pytest.Config, devices: Iterable[str]) -> None:
    """Take note of *devices* that another process of the run has provisioned."""
    if (provisioning := _of(config)) is not None:
        provisioning.done.update(devices)


def done(config: pytest.Config) -> list[str]:
    """Return the devices that need it no more."""
    provisioning = _of(config)
    return sorted(provisioning.done) if provisioning else []


def _of(config: pytest.Config) -> Provisioning | None:
    found: Provisioning | None = config.pluginmanager.get_plugin(NAME)
    return found


def _function(chosen: Campaign, word: str, folders: list[str]) -> Callable[[Device], Any]:
    module, _, name = word.partition(":")
    where = f"{chosen.file.name}: campaigns.{chosen.name}.provision"
    try:
        found = getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise ConfigError(f"{where}: {error}; looked for in {' and '.join(folders)}") from error
    except AttributeError as error:
        raise ConfigError(f"{where}: {module} ({_file(module)}) has no function {name!r}") from error
    if not callable(found):
        raise ConfigError(f"{where}: {name!r} of {module} ({_file(module)}) is no function, but {found!r}")
    return found  # type: ignore[no-any-return]  # what it is for is all that is known


def _file(module: str) -> str:
    return str(getattr(sys.modules.get(module), "__file__", None) or Path())


def _extend_path(config: pytest.Config, folders: list[str]) -> None:
    sys.path[:0] = folders

    def restore() -> None:
        sys.path[:] = [folder for folder in sys.path if folder not in folders]

    config.add_cleanup(restore)
