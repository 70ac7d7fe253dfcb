"""`virtualpytest shot`: a picture of a device's screen."""

from __future__ import annotations

import argparse
from pathlib import Path

from pytest_virtualpytest.cli import options
from pytest_virtualpytest.exceptions import VirtualPytestError


def add(commands: options.Commands) -> None:
    """Add the command."""
    text = "save a picture of a device's screen as PNG"
    about = "Save a picture of a device's screen as PNG. The device is not held: this disturbs nobody."
    parser = commands.add_parser("shot", help=text, description=about)
    parser.add_argument("device", metavar="DEVICE")
    parser.add_argument("picture", metavar="OUT.png", type=Path)
    options.add_lab(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write the picture."""
    from pytest_virtualpytest.cli.bench import opened

    lab = options.lab(args)
    device = options.device(lab, args.device)
    options.need(device, "screen")
    with opened(lab) as bench:
        bench.attach(device)
        reply = bench.call(device, "screen.frame", seconds=20)
    try:
        args.picture.write_bytes(reply.blobs[0])
    except OSError as error:
        raise VirtualPytestError(f"{args.picture} cannot be written: {error.strerror}") from error
    print(f"{args.picture}: {reply.value['width']}x{reply.value['height']}")
    return 0
