"""`virtualpytest host hardware`: what a host is made of, and to put a part of it right."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pytest_virtualpytest.cli import options
from pytest_virtualpytest.cli.host import choice

if TYPE_CHECKING:
    from pytest_virtualpytest.cli.bench import Bench
    from pytest_virtualpytest.config import HostConfig, LabConfig

_TEXT = "list the hardware of a host; reset a USB port, restart a recorder"


def add(verbs: options.Commands) -> None:
    """Add the command."""
    parser = choice.verb(verbs, "hardware", _TEXT, run)
    choice.add_name(parser)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--reset-usb", metavar="BUS-PORT", help="take a USB device off its bus and put it back: 1-2.3")
    what.add_argument("--restart-recorder", metavar="SOURCE|DEVICE", help="start the recorder of a stream again")


def run(args: argparse.Namespace) -> int:
    """List, or do what is asked for."""
    from pytest_virtualpytest.cli.bench import opened

    lab = options.lab(args)
    host = choice.host(lab, args.host)
    with opened(lab) as bench:
        if args.reset_usb:
            print(f"reset: {bench.bare(host.name, 'host.reset_usb', {'port': args.reset_usb}).value}")
        elif args.restart_recorder:
            return _restart(bench, lab, host, args.restart_recorder)
        else:
            _show(bench.bare(host.name, "host.hardware", {}).value)
    return 0


def _show(inventory: dict[str, list[str]]) -> None:
    from pytest_virtualpytest.cli.host import lines

    for sort, things in inventory.items():
        for number, thing in enumerate(things or ["none"]):
            print(f"{'' if number else sort:8}  {lines.plain(thing)}")


def _restart(bench: Bench, lab: LabConfig, host: HostConfig, which: str) -> int:
    """Start the recorder of a device, or of a source, again; 10 if it then sees no picture."""
    if which in lab.devices and lab.devices[which].host == host.name:
        device = lab.devices[which]
        options.need(device, "screen")
        bench.attach(device)
        done = bench.call(device, "recorder.restart", seconds=30).value
    else:
        done = bench.bare(host.name, "host.restart_recorder", {"url": which}).value
    before = f"instead of {', '.join(map(str, done['ended']))}" if done["ended"] else "where none ran"
    state = done["trouble"] or "it has a picture"
    print(f"{done['source']}: recorder {', '.join(map(str, done['started']))} {before}; {state}")
    return 10 if done["trouble"] else 0
