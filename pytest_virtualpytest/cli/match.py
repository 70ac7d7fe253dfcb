"""`virtualpytest match`: try a reference picture on a frame, judged as a test would."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_virtualpytest.cli import options, pictures

if TYPE_CHECKING:
    from pytest_virtualpytest.models import Sighting


def add(commands: options.Commands) -> None:
    """Add the command."""
    text = "try a reference picture on a frame: exit code 0 found, 1 not"
    about = "Try a reference picture on a frame, judged as a test would. Exit code 0: found, 1: not, 2: not tried."
    parser = commands.add_parser("match", help=text, description=about)
    parser.add_argument("frame", metavar="FRAME.png", type=Path)
    parser.add_argument("reference", metavar="REF.png", type=Path)
    pictures.add_region(parser)
    parser.add_argument("--threshold", type=pictures.share, metavar="SCORE", help="least score that counts, 0..1")
    parser.add_argument("--json", action="store_true", help="print the sighting as JSON")
    parser.add_argument("--annotate", metavar="OUT.png", type=Path, help="draw what was seen")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Judge the pictures on this machine, in an agent, as a device's pictures are."""
    from pytest_virtualpytest.models import Sighting

    blobs = [pictures.read(args.frame), pictures.read(args.reference)]
    values = {"region": list(args.region) if args.region else None, "threshold": args.threshold}
    reply = pictures.judged("match", values, blobs)
    seen = Sighting.from_wire(reply.value)
    if args.annotate:
        pictures.write(args.annotate, reply.blobs[0])
    print(json.dumps(pictures.record(seen)) if args.json else in_words(seen, args.reference))
    return 0 if seen else 1


def in_words(seen: Sighting, reference: Path) -> str:
    """Return how well *reference* matches, and where."""
    place = f"{'' if seen else 'nearest '}at {seen.region}, " if seen.region else ""
    head = f"{'found' if seen else 'not found'}: {reference}"
    return f"{head}: {place}score {seen.score:.3f}, {seen.threshold:.3f} wanted" + (f"; {seen.why}" if seen.why else "")
