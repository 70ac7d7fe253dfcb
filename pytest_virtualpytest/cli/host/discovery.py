"""`virtualpytest host discover`: what is attached to a host, as lines of a lab file."""

from __future__ import annotations

import argparse

from pytest_virtualpytest.cli import options
from pytest_virtualpytest.cli.host import choice

_TEXT = "print what is attached to a host as lines of a lab file"


def add(verbs: options.Commands) -> None:
    """Add the command."""
    parser = choice.verb(verbs, "discover", _TEXT, run)
    choice.add_name(parser)
    parser.add_argument(
        "--ecp", action="append", default=[], metavar="ADDRESS", help="ask for a Roku at this address; may repeat"
    )


def run(args: argparse.Namespace) -> int:
    """Print the lines."""
    from pytest_virtualpytest.cli.bench import opened
    from pytest_virtualpytest.cli.host import lines

    lab = options.lab(args)
    host = choice.host(lab, args.host)
    with opened(lab) as bench:
        found = bench.bare(host.name, "host.discover", {"ecp": args.ecp}).value
    written = lines.devices(host.name, found) if found else [f"# nothing that it knows is attached to {host.name}"]
    print("\n".join(written).strip())
    return 0
