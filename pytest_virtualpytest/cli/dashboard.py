"""`virtualpytest dashboard`: look at Allure results, and at the lab, in a browser."""

from __future__ import annotations

import argparse
import functools
import os
from importlib import import_module

from pytest_virtualpytest.cli import options


def add(commands: options.Commands) -> None:
    """Add the command."""
    text = "show Allure results and the lab in a browser, until Ctrl-C"
    about = (
        "Show Allure results in a browser, and the hosts and devices of the lab, live, until Ctrl-C. No host is "
        "reached before somebody opens a page of the lab; looking disturbs no test."
    )
    parser = commands.add_parser("dashboard", help=text, description=about)
    parser.add_argument("folders", metavar="FOLDER", nargs="+", help="Allure results, or a folder of such folders")
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="listen here (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8400, help="(default: 8400; 0: any free one)")
    about = "answer to this name too, as behind a proxy; may repeat (default: the names and addresses of this machine)"
    parser.add_argument("--allowed-host", action="append", default=[], metavar="NAME", help=about)
    about = "let only people in who sign in; prints a link for the first of them, where there is none yet"
    parser.add_argument("--users", action="store_true", help=about)
    about = "let people on this machine take devices, as `virtualpytest take` does (default: they can only look)"
    parser.add_argument("--control", action="store_true", help=about)
    about = "remove runs that ended more than N days ago (default: none); see `virtualpytest prune`"
    parser.add_argument("--retain-days", type=float, default=0, metavar="N", help=about)
    about = "remove all but the newest N runs (default: none)"
    parser.add_argument("--retain-runs", type=int, default=0, metavar="N", help=about)
    about = "keep what is read and made in PostgreSQL (default: $VPT_DATABASE, files beside the results)"
    address = os.environ.get("VPT_DATABASE", "")
    parser.add_argument("--database", default=address, metavar="postgresql://USER@HOST/NAME", help=about)
    options.add_lab(parser, "--vpt-lab")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C, whose exit code this has."""
    serve = import_module("virtualpytest_dashboard.serve")
    ready = functools.partial(print, flush=True)
    rest = {"control": args.control, "users": args.users, "names": args.allowed_host, "database": args.database}
    rest |= {"days": args.retain_days, "runs": args.retain_runs}
    serve.main(args.folders, args.host, args.port, ready, lab=args.lab, **rest)
    return 130
