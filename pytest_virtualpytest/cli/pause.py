"""`virtualpytest pause` and `continue`: no new test of a campaign's run begins, until it goes on."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from pytest_virtualpytest.cli import options
from pytest_virtualpytest.exceptions import VirtualPytestError
from pytest_virtualpytest.journal import FILE
from pytest_virtualpytest.pausing import Pause


def add(commands: options.Commands) -> None:
    """Add both commands."""
    _add(commands, "pause", "let no new test of a campaign's run begin: those that run end, then its devices are free")
    _add(commands, "continue", "let a campaign's run go on that was paused")


def run(args: argparse.Namespace) -> int:
    """Pause the campaign's newest run, or let it go on."""
    folder = _running(options.lab(args).campaign(args.name).results, args.name)
    pause = Pause(folder)
    if args.word == "pause":
        pause.ask()
        print(f"paused: {folder}; to go on: virtualpytest continue {args.name}")
    elif pause.asked:
        pause.lift()
        print(f"goes on: {folder}")
    else:
        raise VirtualPytestError(f"campaign {args.name!r} is not paused")
    return 0


def _add(commands: options.Commands, word: str, text: str) -> None:
    parser = commands.add_parser(word, help=text, description=f"{text[0].upper()}{text[1:]}.")
    parser.add_argument("name", metavar="NAME", help="a campaign of the lab file")
    options.add_lab(parser)
    parser.set_defaults(run=run, word=word)


def _running(results: Path, name: str) -> Path:
    """Return the folder of the newest run, if it goes on."""
    folders = sorted(path.parent for path in results.glob(f"*/{FILE}"))
    if not folders or _ended(folders[-1] / FILE):
        raise VirtualPytestError(f"campaign {name!r}: no run of it goes on; virtualpytest run {name} begins one")
    return folders[-1]


def _ended(journal: Path) -> bool:
    """Tell whether the last run in *journal* has ended; its last line may be half written."""
    lines = journal.read_text(encoding="utf-8").splitlines(keepends=True)
    kinds = [json.loads(line)["kind"] for line in lines if line.endswith("\n")]
    return "end" in kinds and "run" not in kinds[kinds.index("end") :]
