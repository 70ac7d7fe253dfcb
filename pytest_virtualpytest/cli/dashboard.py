"""`virtualpytest dashboard`: look at Allure results in a browser."""

from __future__ import annotations

import argparse
from importlib import import_module

from pytest_virtualpytest.cli import options


def add(commands: options.Commands) -> None:
    """Add the command."""
    text = "show Allure results in a browser, until Ctrl-C"
    parser = commands.add_parser("dashboard", help=text, description="Show Allure results in a browser, until Ctrl-C.")
    parser.add_argument("folders", metavar="FOLDER", nargs="+", help="Allure results, or a folder of such folders")
    parser.add_argument("--host", default="127.0.0.1", metavar="ADDRESS", help="listen here (default: 127.0.0.1)")
    parser.add_argument("--port", type=int, default=8400, help="(default: 8400; 0: any free one)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Serve until Ctrl-C, whose exit code this has."""
    serve = import_module("virtualpytest_dashboard.serve")
    serve.main(args.folders, args.host, args.port, lambda address: print(address, flush=True))
    return 130
