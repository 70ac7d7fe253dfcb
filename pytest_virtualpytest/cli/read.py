"""`virtualpytest read`: what a test would read on a frame."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from pytest_virtualpytest.cli import options, pictures


def add(commands: options.Commands) -> None:
    """Add the command."""
    text = "read what is written on a frame: exit code 0 something, 1 nothing"
    about = "Read what is written on a frame, as a test would. Exit code 0: something, 1: nothing, 2: not read."
    parser = commands.add_parser("read", help=text, description=about)
    parser.add_argument("frame", metavar="FRAME.png", type=Path)
    pictures.add_region(parser)
    parser.add_argument("--lang", default="eng", help="the language, in Tesseract's words: deu, eng+rus (default: eng)")
    parser.add_argument("--colour", help="that of the letters: white, #1e90ff")
    parser.add_argument("--table", action="store_true", help="names and values, of two columns or with colons")
    parser.add_argument("--json", action="store_true", help="print lines with region and confidence as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Read the frame on this machine, in an agent, as a device's pictures are read."""
    from pytest_virtualpytest.targets import Text

    manner = Text("-", args.region, args.lang, colour=args.colour)  # refuses what is no language and no colour
    values = {
        "region": list(args.region) if args.region else None,
        "lang": manner.lang,
        "colour": list(manner.colour) if manner.colour else None,
        "table": args.table,
    }
    found: Any = pictures.judged("read", values, [pictures.read(args.frame)]).value
    if args.json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        for line in _table(found) if args.table else _lines(found):
            print(line)
    return 0 if found else 1


def _table(found: dict[str, str]) -> list[str]:
    return [f"{name}: {value}" for name, value in found.items()]


def _lines(found: list[dict[str, Any]]) -> list[str]:
    return [str(line["text"]) for line in found]
