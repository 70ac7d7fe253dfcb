"""`virtualpytest take`: a person holds a device, with a prompt to use it by hand."""

from __future__ import annotations

import argparse
import contextlib
import re
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

from pytest_virtualpytest.cli import options, prompt
from pytest_virtualpytest.exceptions import HostError, LeaseError, VirtualPytestError

if TYPE_CHECKING:
    from pytest_virtualpytest.device import Device
    from pytest_virtualpytest.lab import Lab

_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600}


class _Asked(Exception):
    """Another process asked this one to end."""


def add(commands: options.Commands) -> None:
    """Add the command."""
    text = "hold a device, with a prompt for keys, pictures and power"
    about = (
        "Hold a device, and use it by hand: type names of keys to press them; `help` lists the rest. A test run gives "
        "the device up between two tests to those who wait for it, and waits in its turn."
    )
    parser = commands.add_parser("take", help=text, description=about)
    parser.add_argument("device", metavar="DEVICE")
    about = "give it back when nothing was typed for so long: 90s, 10m (default: 10m)"
    parser.add_argument("--idle", type=seconds, default=600.0, metavar="TIME", help=about)
    parser.add_argument("--wait", action="store_true", help="wait in line for a device in use")
    options.add_lab(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Hold the device until its user ends, or does nothing for too long; 1 if the last thing typed went wrong."""
    signal.signal(signal.SIGTERM, _end)
    lab = options.lab(args)
    options.device(lab, args.device)
    from pytest_virtualpytest.cli.bench import holder
    from pytest_virtualpytest.lab import Lab

    with contextlib.closing(Lab(lab, holder=holder("take"), waiting=_say)) as hands:
        try:
            return _held(hands, args)
        except _Asked:
            print(f"{args.device}: given back: this process was asked to end", flush=True)
            return 0


def seconds(text: str) -> float:
    """Return the seconds that *text* says: ``90``, ``90s``, ``10m``, ``1h``."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text)
    if found is None or not float(found[1]):
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write 90s, 10m or 1h")
    return float(found[1]) * _UNITS[found[2]]


def _held(hands: Lab, args: argparse.Namespace) -> int:
    try:
        lease = hands.lease(device=args.device, timeout=None if args.wait else 0)
        with lease as device:
            print(f"{device.name}: yours until `release` or {_spoken(args.idle)} without input; see `help`", flush=True)
            code, why = _serve(device, args.idle)
    except LeaseError as error:
        if "busy" not in error.details:
            raise
        raise LeaseError(f"device {args.device!r} is {error.details['busy']}; --wait waits for it") from None
    print(f"{args.device}: given back{why}", flush=True)
    return code


def _serve(device: Device, idle: float) -> tuple[int, str]:
    """Do what is typed; return the exit code, and why it ended if its user did not end it."""
    code, shown = 0, f"{device.name}> " if sys.stdin.isatty() else ""
    told: set[str] = set()
    print(shown, end="", flush=True)
    try:
        for line in prompt.lines(sys.stdin.fileno(), idle, lambda: _wanted(device, told)):
            if line.split() == ["release"]:
                break
            code = _obeyed(device, line) if line.strip() else code
            print(shown, end="", flush=True)
        else:
            print("\n" if shown else "", end="")
    except prompt.Idle:
        print("\n" if shown else "", end="")
        return code, f": nothing was typed for {_spoken(idle)}"
    return code, ""


def _obeyed(device: Device, line: str) -> int:
    try:
        prompt.obey(device, line)
    except (HostError, LeaseError):  # it is not ours any more
        raise
    except VirtualPytestError as error:
        _say(" ".join(str(error).split()))
        return 1
    return 0


def _wanted(device: Device, told: set[str]) -> None:
    """Say once of each who waits that they do; HostError if the host was lost."""
    from pytest_virtualpytest.waiting import in_words

    for waiter in device.link.call("holder").value["waiting"]:
        who = in_words({**waiter, "since": None})
        if who not in told:
            _say(f"{who}, waits for {device.name}")
        told.add(who)


def _spoken(idle: float) -> str:
    return f"{idle / 60:g} min" if idle >= 60 else f"{idle:g} s"


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _end(_number: int, _frame: object) -> NoReturn:
    raise _Asked
