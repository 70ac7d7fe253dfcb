"""`virtualpytest host calibrate`: how long a device's picture is on its way to where it is judged."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pytest_virtualpytest.cli import options
from pytest_virtualpytest.cli.host import choice

if TYPE_CHECKING:
    from pytest_virtualpytest.device import Device

COUNT = 20
_TEXT = "measure the capture latency of a device, with its error"
_ABOUT = """Measure the capture latency of a device: press keys that change its picture, and take the time until the
change is captured. The device's own reaction to a key cannot be told from that: give it with --reaction, where it is
known; else it is part of the figure, which then says so."""
_SECONDS = 20.0


def add(verbs: options.Commands) -> None:
    """Add the command."""
    parser = choice.verb(verbs, "calibrate", _TEXT, run, about=_ABOUT)
    parser.add_argument("device", metavar="DEVICE", help="with remote and screen")
    parser.add_argument("--count", type=int, default=COUNT, metavar="N", help=f"keys to press (default: {COUNT})")
    parser.add_argument("--key", action="append", metavar="KEY", help="keys to press in turn (default: DOWN, UP)")
    parser.add_argument(
        "--before", nargs="*", default=["BACK", "HOME"], metavar="KEY", help="to a still screen (default: BACK HOME)"
    )
    parser.add_argument("--reaction", type=float, metavar="MS", help="what the device itself needs to react to a key")
    parser.add_argument("--reaction-error", type=float, default=0.0, metavar="MS", help="how sure that is (default: 0)")
    parser.add_argument("--wait", type=float, default=10.0, metavar="SECONDS", help="for a device in use (default: 10)")
    options.add_lab(parser)


def run(args: argparse.Namespace) -> int:
    """Press the keys while the device is leased, and print the setting."""
    lab = options.lab(args)
    config = options.device(lab, args.device)
    for capability in ("remote", "screen"):
        options.need(config, capability)
    from pytest_virtualpytest.cli.bench import holder
    from pytest_virtualpytest.lab import Lab

    known = 0.0 if args.reaction is None and config.virtual else args.reaction  # a virtual box reacts at once
    hands = Lab(lab, holder=holder("host calibrate"), waiting=lambda line: print(line, file=sys.stderr))
    try:
        with hands.lease(device=args.device, timeout=args.wait) as device:
            figure = _measured(device, args, known or 0.0)
    finally:
        hands.close()
    _told(figure, args.count)
    print(setting(figure) + ("" if known is not None else "  # the device's own reaction to a key is part of it"))
    return 0


def setting(figure: Mapping[str, float]) -> str:
    """Return the line of the lab file; what is rounded away is part of the error."""
    whole = round(figure["latency"])
    error = max(1, math.ceil(figure["error"] + abs(figure["latency"] - whole)))
    return f"latency = {{ ms = {whole}, error = {error} }}"


def _measured(device: Device, args: argparse.Namespace, reaction: float) -> dict[str, float]:
    keys = args.key or ["DOWN", "UP"]
    for key in args.before:
        device.remote.press(key)
    samples = []
    for number in range(args.count):
        key = keys[number % len(keys)]
        one = device.link.call("calibrate.sample", {"key": key, "number": number}, seconds=_SECONDS).value
        samples.append(one)
        took = (one["captured"] - (one["before"] + one["after"]) / 2) * 1000
        print(f"{number + 1} of {args.count}: {key}, captured {took:.0f} ms later", file=sys.stderr, flush=True)
    about: dict[str, Any] = {"reaction": reaction / 1000, "doubt": args.reaction_error / 1000}
    return dict(device.link.call("calibrate.estimate", {"samples": samples, **about}).value)


def _told(figure: Mapping[str, float], count: int) -> None:
    parts = ", ".join(f"{name} {figure[name]:.1f}" for name in ("phase", "key", "clock", "unsteady", "reaction"))
    print(
        f"median of {count} keys {figure['median']:.1f} ms, less half a frame of {figure['interval']:.1f} ms; "
        f"error in ms: {parts}",
        file=sys.stderr,
    )
