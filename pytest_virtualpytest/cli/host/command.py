"""The command and its own commands."""

from __future__ import annotations

from pytest_virtualpytest.cli import options
from pytest_virtualpytest.cli.host import calibration, discovery, files, hardware, health, newcomer, release


def add(commands: options.Commands) -> None:
    """Add the command."""
    text = "prepare, update, look at and look after the machines of the lab"
    parser = commands.add_parser("host", help=text, description=f"{text[0].upper()}{text[1:]}.")
    verbs = parser.add_subparsers(metavar="COMMAND", required=True)
    for noun in (newcomer, release, discovery, health, hardware, calibration, files):
        noun.add(verbs)
