"""`virtualpytest motion`: when the picture of a recorded clip moves, stands still and is black."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from pytest_virtualpytest.cli import options, pictures

_SECONDS = 900.0


def add(commands: options.Commands) -> None:
    """Add the command."""
    text = "tell when the picture of a clip moves, stands still and is black: exit code 0 it moves, 1 never"
    about = (
        "Tell when the picture of a clip moves, stands still and is black, as a test would. "
        "Exit code 0: it moves, 1: it never does, 2: not judged."
    )
    parser = commands.add_parser("motion", help=text, description=about)
    parser.add_argument("clip", metavar="CLIP.mp4", type=Path)
    pictures.add_region(parser)
    parser.add_argument("--threshold", type=int, default=25, metavar="LEVEL", help="least change, of 255 (default: 25)")
    parser.add_argument("--still", type=float, default=0.5, metavar="S", help="shortest stillness (default: 0.5)")
    parser.add_argument("--json", action="store_true", help="print it as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Judge the clip on this machine, in an agent, as a device's stream is."""
    from pytest_virtualpytest.targets import Frozen, Motion

    Motion(threshold=args.threshold), Frozen(args.still)  # they refuse what makes no sense
    region = list(args.region) if args.region else None
    values = {"region": region, "threshold": args.threshold, "still": args.still}
    found: dict[str, Any] = pictures.judged("motion", values, [pictures.read(args.clip)], _SECONDS).value
    print(json.dumps(found) if args.json else "\n".join(_words(found, args.clip)))
    return 0 if found["moving"] else 1


def _words(found: dict[str, Any], clip: Path) -> list[str]:
    spans = sorted((span["from"], name, span) for name in ("moving", "still", "black") for span in found[name])
    head = f"{clip}: {found['frames']} frames, {found['seconds']:.2f} s, largest change {found['most']:.0f} of 255"
    return [head, *(f"{name} from {span['from']:.3f} s to {span['to']:.3f} s" for _, name, span in spans)]
