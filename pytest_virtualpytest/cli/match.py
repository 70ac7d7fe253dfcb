"""`virtualpytest match`: try a reference picture on a frame, judged as a test would."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_virtualpytest.cli import options
from pytest_virtualpytest.exceptions import VirtualPytestError

if TYPE_CHECKING:
    from pytest_virtualpytest.models import Region, Sighting


def add(commands: options.Commands) -> None:
    """Add the command."""
    text = "try a reference picture on a frame: exit code 0 found, 1 not"
    about = "Try a reference picture on a frame, judged as a test would. Exit code 0: found, 1: not, 2: not tried."
    parser = commands.add_parser("match", help=text, description=about)
    parser.add_argument("frame", metavar="FRAME.png", type=Path)
    parser.add_argument("reference", metavar="REF.png", type=Path)
    parser.add_argument("--region", metavar="X,Y,W,H", type=_region, help="where to look, in pixels of the frame")
    parser.add_argument("--threshold", type=_share, metavar="SCORE", help="least score that counts, 0..1")
    parser.add_argument("--json", action="store_true", help="print the sighting as JSON")
    parser.add_argument("--annotate", metavar="OUT.png", type=Path, help="draw what was seen")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Judge the pictures on this machine, in an agent, as a device's pictures are."""
    from pytest_virtualpytest import config
    from pytest_virtualpytest.cli.bench import opened
    from pytest_virtualpytest.models import Sighting

    pictures = [_read(args.frame), _read(args.reference)]
    values = {"region": list(args.region) if args.region else None, "threshold": args.threshold}
    lab = config.builtin()
    with opened(lab) as bench:
        reply = bench.bare(next(iter(lab.hosts)), "match", values, pictures)
    seen = Sighting.from_wire(reply.value)
    if args.annotate:
        _write(args.annotate, reply.blobs[0])
    print(json.dumps(_record(seen)) if args.json else _words(seen, args.reference))
    return 0 if seen else 1


def _words(seen: Sighting, reference: Path) -> str:
    place = f"{'' if seen else 'nearest '}at {seen.region}, " if seen.region else ""
    head = f"{'found' if seen else 'not found'}: {reference}"
    return f"{head}: {place}score {seen.score:.3f}, {seen.threshold:.3f} wanted" + (f"; {seen.why}" if seen.why else "")


def _record(seen: Sighting) -> dict[str, object]:
    region = list(seen.region) if seen.region else None
    values = {"found": seen.found, "score": seen.score, "threshold": seen.threshold}
    return {**values, "region": region, "why": seen.why}


def _region(text: str) -> Region:
    from pytest_virtualpytest.models import Region

    try:
        region = Region(*(int(word) for word in text.split(",")))
    except (TypeError, ValueError):
        region = None
    if region is None or min(region) < 0 or not (region.width and region.height):
        raise argparse.ArgumentTypeError(f"{text!r} is no region; write X,Y,WIDTH,HEIGHT, such as 40,20,320,90")
    return region


def _share(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no score above 0 and at most 1")
    return value


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise VirtualPytestError(f"{path} cannot be read: {error.strerror}") from error


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise VirtualPytestError(f"{path} cannot be written: {error.strerror}") from error
