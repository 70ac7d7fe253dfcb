"""`virtualpytest leases`: who holds which device, and who waits for it."""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pytest_virtualpytest.cli import options, table
from pytest_virtualpytest.exceptions import ConfigError, LabFault

if TYPE_CHECKING:
    from pytest_virtualpytest.cli.bench import Bench
    from pytest_virtualpytest.config import DeviceConfig

_HEAD = ("DEVICE", "HOLDER", "RUN", "TEST", "SINCE", "WAITING")


def add(commands: options.Commands) -> None:
    """Add the command."""
    text = "show who holds each device, since when, in which test, and who waits for it"
    about = f"{text[0].upper()}{text[1:]}, in the order in which they get it."
    parser = commands.add_parser("leases", help=text, description=about)
    options.add_lab(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show the table; 10 if a device cannot be reached."""
    from pytest_virtualpytest.cli.bench import opened

    lab = options.lab(args)
    with opened(lab) as bench:
        found = bench.each(lab.devices.values(), lambda device: _row(bench, device))
    table.show([_HEAD, *(row for row, _ in found)])
    return 0 if all(reached for _, reached in found) else 10


def _row(bench: Bench, device: DeviceConfig) -> tuple[Sequence[str], bool]:
    """Return the row of *device*, and whether it was reached."""
    try:
        bench.attach(device)
        told = bench.call(device, "holder").value
    except (LabFault, ConfigError) as error:
        return (device.name, f"LOST: {' '.join(str(error).split())}", "", "", "", ""), False
    waiting = "; ".join(_waiter(number, waiter) for number, waiter in enumerate(told["waiting"], 1))
    return (device.name, *_cells(told["holder"]), waiting or "-"), True


def _cells(holder: Mapping[str, Any] | None) -> tuple[str, str, str, str]:
    if holder is None:
        return "free", "-", "-", "-"
    machine = f"@{holder['machine']}" if holder.get("machine") else ""
    run = str(holder.get("run") or "-")[:4]
    since = _ago(time.time() - float(holder["since"])) if holder.get("since") else "-"
    return f"{holder.get('user', 'somebody')}{machine}", run, str(holder.get("test") or "-"), since


def _waiter(number: int, waiter: Mapping[str, Any]) -> str:
    from pytest_virtualpytest.waiting import in_words

    return f"{number} {in_words(waiter)}"


def _ago(seconds: float) -> str:
    """Return *seconds* as a person says it."""
    for unit, length in (("h", 3600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
