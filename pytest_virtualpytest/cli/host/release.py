"""`virtualpytest host update` and `rollback`: which version of virtualpytest a host runs."""

from __future__ import annotations

import argparse
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_virtualpytest.cli import options
from pytest_virtualpytest.cli.host import choice, packages

if TYPE_CHECKING:
    from pytest_virtualpytest.config import HostConfig

_UPDATE = "install this version on a host, beside the one before, and switch to it"
_ROLLBACK = "switch a host back to the version before"


def add(verbs: options.Commands) -> None:
    """Add the commands."""
    parser = choice.verb(verbs, "update", _UPDATE, update)
    choice.add_name(parser)
    parser.add_argument("--python", help="a Python there for the new environment (default: that of the present one)")
    packages.add_options(parser)
    choice.add_name(choice.verb(verbs, "rollback", _ROLLBACK, rollback))


def update(args: argparse.Namespace) -> int:
    """Install, check, switch."""
    from pytest_virtualpytest.cli.host import installation

    host = choice.host(options.lab(args), args.host)
    python = installation.plain(args.python) if args.python else host.python
    ready = installation.install(replace(host, python=python), packages.chosen(args))
    _told(host, ready)
    return 0


def rollback(args: argparse.Namespace) -> int:
    """Switch, check."""
    from pytest_virtualpytest.cli.host import installation
    from pytest_virtualpytest.cli.host.remote import Remote

    host = choice.host(options.lab(args), args.host)
    switched = Remote(host, lambda line: installation.say(host, line)).do("rollback")
    installation.say(host, f"{switched['now']} is in use, before: {switched['before']}")
    _told(host, replace(host, python=shlex.quote(switched["python"])))
    return 0


def _told(host: HostConfig, ready: HostConfig) -> None:
    """Tell what answers now, and what the lab file must say where it says something else."""
    from pytest_virtualpytest.cli.host import installation, lines

    facts = installation.greet(ready)
    print(f"{host.name}: virtualpytest {facts['version']}, Python {facts['python']}, {facts['executable']}")
    if ready.python and host.python != ready.python:
        print(f"in the lab file, under [hosts.{host.name}]: python = {lines.text(ready.python)}")
