"""`virtualpytest references`: the candidates that a run has cut for references, to be accepted or rejected."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_virtualpytest.cli import options

if TYPE_CHECKING:
    from pytest_virtualpytest.candidates import Candidate


def add(commands: options.Commands) -> None:
    """Add the command."""
    text = "list the candidates that --vpt-update-references has cut; accept or reject them"
    about = f"{text[0].upper()}{text[1:]}. At a terminal, each one is asked for unless --accept or --reject is given."
    parser = commands.add_parser("references", help=text, description=about)
    parser.add_argument("folder", metavar="FOLDER", type=Path, nargs="?", default=Path(), help="where to look")
    for name, does in (("accept", "put the candidate in the place of this reference"), ("reject", "remove it")):
        parser.add_argument(f"--{name}", action="append", default=[], metavar="NAME", help=f"{does}; may repeat")
    parser.add_argument("--json", action="store_true", help="print them as JSON; nothing is asked")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Do what is asked for; nothing is written without a word for each."""
    from pytest_virtualpytest import candidates

    known = candidates.within(args.folder)
    accepted = [candidates.named(name, known) for name in args.accept]
    rejected = [candidates.named(name, known) for name in args.reject]
    for one in accepted:
        one.accept()
        print(f"{one.reference}: accepted")
    for one in rejected:
        one.reject()
        print(f"{one.reference}: rejected")
    if args.json:
        print(json.dumps([_record(one) for one in known if one.path.is_file()]))
    elif not accepted and not rejected:
        _show(known, ask=sys.stdin.isatty() and sys.stdout.isatty())
    return 0


def _show(known: Sequence[Candidate], *, ask: bool) -> None:
    if not known:
        print("no candidates")
    for one in known:
        print("\n".join(_words(one)))
        if ask:
            _decide(one)


def _decide(one: Candidate) -> None:
    while True:
        try:
            answer = input("    accept, reject, or leave it? [a/r/L] ").strip().lower()
        except EOFError:
            return
        if answer in {"a", "accept"}:
            one.accept()
        elif answer in {"r", "reject"}:
            one.reject()
        elif answer not in {"", "l", "leave"}:
            continue
        return


def _words(one: Candidate) -> list[str]:
    x, y, wide, high = one.region
    at = time.strftime("%Y-%m-%d %H:%M", time.localtime(one.time))
    stale = "; the reference has changed since: reject it" if one.stale else ""
    return [
        f"{one.reference}: score {one.score:.3f} of {one.threshold:.3f} at {x},{y} {wide}x{high}{stale}",
        f"    candidate: {one.path}",
        f"    cut: {at}, {one.test}",
    ]


def _record(one: Candidate) -> dict[str, object]:
    return asdict(one) | {"reference": str(one.reference), "candidate": str(one.path), "stale": one.stale}
