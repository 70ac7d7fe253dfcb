"""`virtualpytest devices`: what there is, and what is free."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from pytest_virtualpytest.cli import options, table
from pytest_virtualpytest.exceptions import ConfigError, LabFault

if TYPE_CHECKING:
    from pytest_virtualpytest.cli.bench import Bench
    from pytest_virtualpytest.config import DeviceConfig

_HEAD = ("DEVICE", "KIND", "MODEL", "HOST", "CAPABILITIES", "STATE")


def add(commands: options.Commands) -> None:
    """Add the command."""
    text = "show each device: its kind, model, host, capabilities, and who holds it"
    parser = commands.add_parser("devices", help=text, description=f"{text[0].upper()}{text[1:]}.")
    options.add_lab(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show the table; 10 if a device cannot be reached."""
    from pytest_virtualpytest.cli.bench import opened

    lab = options.lab(args)
    with opened(lab) as bench:
        states = bench.each(lab.devices.values(), lambda device: _state(bench, device))
    rows = [
        (one.name, one.kind, one.model or "-", one.host, " ".join(one.capabilities) or "-", state)
        for one, (state, _) in zip(lab.devices.values(), states, strict=True)
    ]
    table.show([_HEAD, *rows])
    return 0 if all(reached for _, reached in states) else 10


def held_by(holder: dict[str, Any]) -> str:
    """Return who *holder* is, in words."""
    from pytest_virtualpytest.waiting import in_words

    return f"held by {in_words(holder)}"


def _state(bench: Bench, device: DeviceConfig) -> tuple[str, bool]:
    try:
        bench.attach(device)
        holder = bench.call(device, "holder").value["holder"]
    except (LabFault, ConfigError) as error:
        return f"LOST: {' '.join(str(error).split())}", False
    return ("free" if holder is None else held_by(holder)), True
