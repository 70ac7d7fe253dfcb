"""`virtualpytest watch`: how a device's stream is, line by line."""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from typing import TYPE_CHECKING

from pytest_virtualpytest.cli import options
from pytest_virtualpytest.exceptions import CaptureError, DeviceError

if TYPE_CHECKING:
    from pytest_virtualpytest.cli.bench import Bench
    from pytest_virtualpytest.config import DeviceConfig

SETTLED = 1.0  # seconds of recording that tell its rate


def add(commands: options.Commands) -> None:
    """Add the command."""
    text = "show how a device's stream is: picture, rate, sound, age; until Ctrl-C"
    about = "Show how a device's stream is, once a second, until Ctrl-C. The device is not held: this disturbs nobody."
    parser = commands.add_parser("watch", help=text, description=about)
    parser.add_argument("device", metavar="DEVICE")
    parser.add_argument("--count", type=int, metavar="N", help="end after N lines")
    parser.add_argument("--every", type=float, default=1.0, metavar="SECONDS", help="between two lines (default: 1)")
    options.add_lab(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show lines until Ctrl-C, or as many as were asked for; 10 if the last one had no picture."""
    from pytest_virtualpytest.cli.bench import opened

    lab = options.lab(args)
    device = options.device(lab, args.device)
    options.need(device, "screen")
    seen = True
    with opened(lab) as bench:
        bench.attach(device)
        for number in itertools.count() if args.count is None else range(args.count):
            time.sleep(args.every if number else 0)
            line, seen = _line(bench, device)
            _show(f"{device.name}: {line}", again=number > 0)
    return 0 if seen else 10


def _line(bench: Bench, device: DeviceConfig) -> tuple[str, bool]:
    """Return the line, and whether there is a picture; a cable that is out may be put in again."""
    try:
        words = [picture(bench, device)]
        if "audio" in device.capabilities:
            words.append(_sound(bench, device))
    except (CaptureError, DeviceError) as error:
        return f"NO PICTURE: {' '.join(error.message.split())}", False
    return ", ".join(words), True


def picture(bench: Bench, device: DeviceConfig) -> str:
    """Return what the recorder sees of *device*, in words."""
    status = bench.call(device, "screen.status", seconds=20).value
    rate = f"at {status['fps']:.1f} fps" if status["seconds"] >= SETTLED else "just begun"  # it begins with a burst
    return (
        f"{status['width']}x{status['height']} {rate}, {status['codec']}"
        f"{' and ' + status['sound'] if status['sound'] else ' without sound'}, "
        f"{status['seconds']:.0f} s kept, {status['age'] * 1000:.0f} ms old"
    )


def _sound(bench: Bench, device: DeviceConfig) -> str:
    level = bench.call(device, "audio.level", {"seconds": 0.5}, seconds=20).value
    return f"sound {level['rms']:.0f} dBFS, peak {level['peak']:.0f}"


def _show(line: str, *, again: bool) -> None:
    """Print *line*, on a terminal over the one before."""
    print(f"\x1b[A\r\x1b[K{line}" if again and sys.stdout.isatty() else line, flush=True)
