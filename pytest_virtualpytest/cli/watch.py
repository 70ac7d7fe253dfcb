"""`virtualpytest watch`: how a device's stream is, line by line."""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_virtualpytest.cli import options, pictures
from pytest_virtualpytest.exceptions import CaptureError, DeviceError

if TYPE_CHECKING:
    from pytest_virtualpytest.cli.bench import Bench
    from pytest_virtualpytest.config import DeviceConfig
    from pytest_virtualpytest.models import Sighting

SETTLED = 1.0  # seconds of recording that tell its rate


def add(commands: options.Commands) -> None:
    """Add the command."""
    text = "show how a device's stream is: picture, rate, sound, age; until Ctrl-C"
    about = "Show how a device's stream is, once a second, until Ctrl-C. The device is not held: this disturbs nobody."
    parser = commands.add_parser("watch", help=text, description=about)
    parser.add_argument("device", metavar="DEVICE")
    parser.add_argument("--count", type=int, metavar="N", help="end after N lines")
    parser.add_argument("--every", type=float, default=1.0, metavar="SECONDS", help="between two lines (default: 1)")
    parser.add_argument("--for", metavar="REF.png", type=Path, dest="reference", help="say how well a picture matches")
    pictures.add_region(parser)
    parser.add_argument("--threshold", type=pictures.share, metavar="SCORE", help="least score that counts, 0..1")
    parser.add_argument("--json", action="store_true", help="print each line as JSON")
    options.add_lab(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show lines until Ctrl-C, or as many as were asked for.

    Return 10 if the last one had no picture, 1 if the picture that was looked for was not in it.
    """
    from pytest_virtualpytest.cli.bench import opened

    lab = options.lab(args)
    device = options.device(lab, args.device)
    options.need(device, "screen")
    content = pictures.read(args.reference) if args.reference else b""
    code = 0
    with opened(lab) as bench:
        bench.attach(device)
        for number in itertools.count() if args.count is None else range(args.count):
            time.sleep(args.every if number else 0)
            line, values, code = _line(bench, device, args, content)
            if args.json:
                print(json.dumps({"device": device.name, **values}), flush=True)
            else:
                _show(f"{device.name}: {line}", again=number > 0)
    return code


def _line(
    bench: Bench, device: DeviceConfig, args: argparse.Namespace, content: bytes
) -> tuple[str, dict[str, object], int]:
    """Return the line, its values, and the exit code that it comes to; a cable that is out may be put in again."""
    from pytest_virtualpytest.cli.match import in_words

    try:
        if content:
            seen = _matched(bench, device, args, content)
            return in_words(seen, args.reference), pictures.record(seen), 0 if seen else 1
        status = bench.call(device, "screen.status", seconds=20).value
        words, values = [_in_words(status)], {"picture": status}
        if "audio" in device.capabilities:
            level = bench.call(device, "audio.level", {"seconds": 0.5}, seconds=20).value
            words.append(f"sound {level['rms']:.0f} dBFS, peak {level['peak']:.0f}")
            values["sound"] = level
    except (CaptureError, DeviceError) as error:
        why = " ".join(error.message.split())
        return f"NO PICTURE: {why}", {"error": why}, 10
    return ", ".join(words), values, 0


def _matched(bench: Bench, device: DeviceConfig, args: argparse.Namespace, content: bytes) -> Sighting:
    """Judge the newest frame on the device's host, as a test would."""
    from pytest_virtualpytest.models import Sighting

    frame = bytes(bench.call(device, "screen.frame", seconds=20).blobs[0])
    values = {"region": list(args.region) if args.region else None, "threshold": args.threshold}
    return Sighting.from_wire(bench.bare(device.host, "match", values, [frame, content]).value)


def picture(bench: Bench, device: DeviceConfig) -> str:
    """Return what the recorder sees of *device*, in words."""
    return _in_words(bench.call(device, "screen.status", seconds=20).value)


def _in_words(status: Mapping[str, Any]) -> str:
    rate = f"at {status['fps']:.1f} fps" if status["seconds"] >= SETTLED else "just begun"  # it begins with a burst
    return (
        f"{status['width']}x{status['height']} {rate}, {status['codec']}"
        f"{' and ' + status['sound'] if status['sound'] else ' without sound'}, "
        f"{status['seconds']:.0f} s kept, {status['age'] * 1000:.0f} ms old"
    )


def _show(line: str, *, again: bool) -> None:
    """Print *line*, on a terminal over the one before."""
    print(f"\x1b[A\r\x1b[K{line}" if again and sys.stdout.isatty() else line, flush=True)
