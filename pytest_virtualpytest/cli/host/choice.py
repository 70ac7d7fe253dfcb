"""Which host of the lab a command means."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from pytest_virtualpytest.cli import options
from pytest_virtualpytest.exceptions import ConfigError

if TYPE_CHECKING:
    from pytest_virtualpytest.config import HostConfig, LabConfig


def verb(verbs: options.Commands, name: str, text: str, run: Any, *, about: str = "") -> argparse.ArgumentParser:
    """Return the parser of the command *name*, which does *run*."""
    parser = verbs.add_parser(name, help=text, description=about or f"{text[0].upper()}{text[1:]}.")
    parser.set_defaults(run=run)
    return parser


def add_name(parser: argparse.ArgumentParser) -> None:
    """Let *parser* take a host's name and lab files."""
    parser.add_argument("host", metavar="NAME", help="a host of the lab file")
    options.add_lab(parser)


def host(lab: LabConfig, name: str) -> HostConfig:
    """Return the host *name*, or raise ConfigError that says which there are."""
    from pytest_virtualpytest.config.words import nearest

    if name not in lab.hosts:
        raise ConfigError(f"{lab.name}: no host {name!r}{nearest(name, lab.hosts)}")
    return lab.hosts[name]
