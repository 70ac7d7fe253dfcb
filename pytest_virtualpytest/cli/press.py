"""`virtualpytest press`: keys of a device's remote."""

from __future__ import annotations

import argparse
import sys
import time

from pytest_virtualpytest.cli import options


def add(commands: options.Commands) -> None:
    """Add the command."""
    text = "press keys of a device's remote, and print when each was sent"
    about = "Press keys of a device's remote, one after the other, while the device is held."
    parser = commands.add_parser("press", help=text, description=about)
    parser.add_argument("device", metavar="DEVICE")
    parser.add_argument("keys", metavar="KEY", nargs="+", help="such as HOME, OK, CHANNEL_UP, 7")
    parser.add_argument("--pause", type=float, default=0.0, metavar="SECONDS", help="between two keys")
    parser.add_argument("--wait", type=float, default=10.0, metavar="SECONDS", help="for a device in use (default: 10)")
    options.add_lab(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Press the keys while the device is leased."""
    lab = options.lab(args)
    options.need(options.device(lab, args.device), "remote")
    from pytest_virtualpytest.cli.bench import holder
    from pytest_virtualpytest.lab import Lab

    hands = Lab(lab, holder=holder("press"), waiting=lambda line: print(line, file=sys.stderr))
    try:
        with hands.lease(device=args.device, timeout=args.wait) as device:
            begin = None
            for key in args.keys:
                time.sleep(args.pause if begin else 0)
                press = device.remote.press(key)
                begin = begin or press.before
                took = (press.after - press.before) * 1000
                print(f"{key}: at {press.before - begin:.3f} s, took {took:.1f} ms", flush=True)
    finally:
        hands.close()
    return 0
