"""A campaign of the lab file as pytest's run takes it: as arguments that come before those of the command line.

    addopts … -m"not slow" --vpt-each=device … tests/zap   what the command line says itself
              └──────────── the campaign ─────────────┘

Of an option that is there twice the last one counts, so that the command line's own words do. Each process of
pytest-xdist does the same with the same arguments.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_virtualpytest.exceptions import ConfigError
from pytest_virtualpytest.needs import Need

if TYPE_CHECKING:
    from pytest_virtualpytest.config import Campaign, LabConfig

_CHOSEN = pytest.StashKey["_Chosen"]()


@dataclass(frozen=True)
class _Chosen:
    lab: LabConfig
    campaign: Campaign


def choose(config: pytest.Config, args: list[str]) -> None:
    """Put the campaign that *args* name into them, and its variables into the environment; ConfigError without one."""
    said = config.known_args_namespace
    if said.vpt_campaign is None or said.help or said.version:
        return
    lab = _read(config, said.vpt_lab)
    campaign = lab.campaign(said.vpt_campaign)
    if campaign.deadline is not None:
        lab = replace(lab, deadline=campaign.deadline)
    config.stash[_CHOSEN] = _Chosen(lab, campaign)
    place = max(0, len(args) - len(config.invocation_params.args))
    args[place:place] = _options(config, lab, campaign)
    if campaign.tests and not _paths(said):
        args += (paths := [str(test) for test in campaign.tests])
        said.file_or_dir = [*said.file_or_dir, *paths]  # where pytest looks for the first conftest.py
    _set(config, campaign)


def of(config: pytest.Config) -> Campaign | None:
    """Return the campaign that is run, if one is."""
    return config.stash[_CHOSEN].campaign if _CHOSEN in config.stash else None


def in_file_order(config: pytest.Config) -> bool:
    """Tell whether the campaign wants its tests as they are written, not the longest first."""
    return (campaign := of(config)) is not None and campaign.order == "file"


def lab_of(config: pytest.Config) -> LabConfig:
    """Return the lab that the options, the environment or the folder choose, as the campaign sees it."""
    return config.stash[_CHOSEN].lab if _CHOSEN in config.stash else _read(config, config.getoption("vpt_lab"))


def _read(config: pytest.Config, files: list[str]) -> LabConfig:
    from pytest_virtualpytest.config import choose, loading

    here = config.invocation_params.dir
    return choose(files, os.environ, here if (here / loading.FILE).is_file() else config.rootpath)


def _options(config: pytest.Config, lab: LabConfig, campaign: Campaign) -> Iterator[str]:
    """Yield the options that say what *campaign* does."""
    yield f"--vpt-each={campaign.each}"
    if campaign.markers:
        yield f"-m{campaign.markers}"
    if campaign.keyword:
        yield f"-k{campaign.keyword}"
    if campaign.evidence:
        yield f"--vpt-evidence={campaign.evidence}"
    if campaign.reruns:
        if not config.pluginmanager.hasplugin("rerunfailures"):
            where = f"{lab.name}: campaigns.{campaign.name}.reruns"
            raise ConfigError(f"{where}: needs pytest-rerunfailures; pip install pytest-rerunfailures, or set it to 0")
        yield f"--reruns={campaign.reruns}"
    if not config.known_args_namespace.vpt_device:
        yield from (f"--vpt-device={name}" for name in _devices(lab, campaign))


def _devices(lab: LabConfig, campaign: Campaign) -> list[str]:
    """Return the devices that *campaign* is restricted to; none where all will do."""
    choice = campaign.devices
    need = Need("", choice.kind, choice.name, choice.model, choice.tags, choice.needs)
    fitting = [device.name for device in lab.devices.values() if need.fits(device)]
    if not fitting:
        has = ", ".join(f"{device.name} ({device.kind})" for device in lab.devices.values()) or "no device"
        raise ConfigError(f"{lab.name}: campaigns.{campaign.name}.devices: {need}: the lab has {has}")
    return fitting if len(fitting) < len(lab.devices) else []


def _paths(said: object) -> list[str]:
    """Return the tests that the command line names; what follows an option not known yet may look like one."""
    words: list[str] = getattr(said, "file_or_dir", [])
    return words if getattr(said, "pyargs", False) else [word for word in words if Path(word.split("::")[0]).exists()]


def _set(config: pytest.Config, campaign: Campaign) -> None:
    """Set the campaign's variables until the run is over."""
    before = {name: os.environ.get(name) for name in campaign.environment}

    def restore() -> None:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value

    config.add_cleanup(restore)
    os.environ.update(campaign.environment)
