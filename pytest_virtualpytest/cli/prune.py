"""`virtualpytest prune`: remove runs that are too old, or too many; without --yes, only list them."""

from __future__ import annotations

import argparse
import os
from importlib import import_module

from pytest_virtualpytest.cli import options


def add(commands: options.Commands) -> None:
    """Add the command."""
    text = "list, and with --yes remove, runs of Allure results that are too old, or too many"
    about = (
        "List the runs in FOLDER that ended more than --days ago, or are not among the newest --runs. With --yes they "
        "are removed: whole folders that hold nothing but results; never one that is marked to be kept, or still runs."
    )
    parser = commands.add_parser("prune", help=text, description=about)
    parser.add_argument("folders", metavar="FOLDER", nargs="+", help="a folder of runs, as the dashboard was given it")
    parser.add_argument("--days", type=float, default=0, metavar="N", help="runs that ended more than N days ago")
    parser.add_argument("--runs", type=int, default=0, metavar="N", help="all but the newest N runs")
    parser.add_argument("--yes", action="store_true", help="remove them")
    about = "where the dashboard keeps which runs are marked (default: $VPT_DATABASE, a file beside the results)"
    address = os.environ.get("VPT_DATABASE", "")
    parser.add_argument("--database", default=address, metavar="postgresql://USER@HOST/NAME", help=about)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """List, or remove."""
    serve = import_module("virtualpytest_dashboard.serve")
    for line in serve.prune(args.folders, args.days, args.runs, database=args.database, yes=args.yes):
        print(line)
    return 0
