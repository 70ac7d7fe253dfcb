"""`virtualpytest host add`: make a host of a machine that has Python and an sshd."""

from __future__ import annotations

import argparse
import re
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_virtualpytest.cli import options
from pytest_virtualpytest.cli.host import choice, packages
from pytest_virtualpytest.exceptions import VirtualPytestError

if TYPE_CHECKING:
    from pytest_virtualpytest.config import HostConfig

_TEXT = "prepare a machine over ssh, and print the lines of the lab file for it"
_ABOUT = """Prepare a machine over ssh alone: an environment of its own with this version of virtualpytest. What is to
go into the lab file is printed; what is done meanwhile goes to standard error. Nothing is changed outside the account's
~/.local/share/virtualpytest."""


def add(verbs: options.Commands) -> None:
    """Add the command."""
    parser = choice.verb(verbs, "add", _TEXT, run, about=_ABOUT)
    parser.add_argument("gateway", metavar="ssh=USER@MACHINE", help="as in a lab file; popen is this machine")
    parser.add_argument("--name", help="of the host in the lab file (default: the machine's)")
    parser.add_argument("--python", default="python3", help="a Python there, 3.11 or newer (default: python3)")
    parser.add_argument("--ssh-config", metavar="FILE", type=Path, help="an ssh configuration file")
    packages.add_options(parser)


def run(args: argparse.Namespace) -> int:
    """Install, check, and print the lines."""
    from pytest_virtualpytest.cli.host import installation, lines
    from pytest_virtualpytest.cli.host.remote import Remote
    from pytest_virtualpytest.config import HostConfig

    config = str(args.ssh_config.absolute()) if args.ssh_config else None
    name = _checked_name(args.name) if args.name else _name(args.gateway)
    host = HostConfig(name, args.gateway, installation.plain(args.python), config)
    account = Remote(host, lambda line: installation.say(host, line)).do("look")
    here = metadata.version("virtualpytest")
    about = f"Python {account['python']}, account {account['account']} on {account['machine']}"
    installation.say(host, f"{about}; installing virtualpytest {here}")
    ready = installation.install(host, packages.chosen(args))
    advice = lines.groups(account)
    for line in [*_checked(ready), *([advice] if advice else [])]:
        installation.say(ready, line)
    print("\n".join(_lines(ready, advice)))
    return 0


def _name(gateway: str) -> str:
    """Return a name for the host behind *gateway*."""
    machine = gateway.partition("=")[2].rpartition("@")[2] or gateway
    name = re.sub(r"[^A-Za-z0-9_-]", "-", machine if re.fullmatch(r"[\d.:]+", machine) else machine.partition(".")[0])
    if not re.match(r"[A-Za-z0-9]", name):
        raise VirtualPytestError(f"{gateway!r} gives no name for the host; name it with --name")
    return name


def _checked_name(name: str) -> str:
    if not re.fullmatch(r"[^\s/-][^\s/]*", name):
        raise VirtualPytestError(f"--name {name!r} is refused: a name has no blanks, no '/', and no '-' in front")
    return name


def _checked(host: HostConfig) -> list[str]:
    """Return how *host* is, a line for each thing to know."""
    from pytest_virtualpytest.cli import checkup
    from pytest_virtualpytest.cli.bench import opened
    from pytest_virtualpytest.config import LabConfig

    with opened(LabConfig({host.name: host}, {})) as bench:
        report = checkup.host(bench, host)
        software: dict[str, Any] = bench.bare(host.name, "host.health", {}).value["software"]
    return [str(report), *(f"{name} {told}" for name, told in software.items())]


def _lines(host: HostConfig, advice: str) -> list[str]:
    """Return the host's lines of a lab file, what is attached to it as comments."""
    from pytest_virtualpytest.cli.bench import opened
    from pytest_virtualpytest.cli.host import lines
    from pytest_virtualpytest.config import LabConfig

    with opened(LabConfig({host.name: host}, {})) as bench:
        found = bench.bare(host.name, "host.discover", {}).value
    devices = lines.devices(host.name, found)
    head = ["# attached to it; take away the # of what you test:" if found else "# nothing that it knows is attached"]
    return [*lines.host(host), *([f"# {advice}"] if advice else []), "", *head, *map(lines.comment, devices)]
