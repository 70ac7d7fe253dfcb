"""Options that several commands share."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from pytest_virtualpytest.exceptions import ConfigError

if TYPE_CHECKING:
    from pytest_virtualpytest.config import DeviceConfig, LabConfig

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001  # argparse has no public name for it


def add_lab(parser: argparse.ArgumentParser, *names: str) -> None:
    """Let *parser* take lab files; *names* are other names of the option."""
    parser.add_argument(
        "--lab",
        *names,
        dest="lab",
        action="append",
        default=[],
        metavar="FILE",
        help="a lab file; may repeat, later ones override (default: $VPT_LAB, lab.toml here, the built-in virtual lab)",
    )


def lab(args: argparse.Namespace) -> LabConfig:
    """Return the lab that *args* choose."""
    from pytest_virtualpytest import config

    return config.choose(args.lab, os.environ, Path.cwd())


def device(lab: LabConfig, name: str) -> DeviceConfig:
    """Return the device *name*, or raise ConfigError that says which there are."""
    from pytest_virtualpytest.config.words import nearest

    if name not in lab.devices:
        raise ConfigError(f"{lab.name}: no device {name!r}{nearest(name, lab.devices)}")
    return lab.devices[name]


def need(device: DeviceConfig, capability: str) -> None:
    """Raise ConfigError if *device* does not have *capability*."""
    if capability not in device.capabilities:
        has = ", ".join(device.capabilities) or "nothing"
        raise ConfigError(f"device {device.name!r} has no {capability!r}, only {has}")
