"""Where the packages of an installation come from."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Source:
    """Where packages come from: *wheels*, a folder here, else the index of the account there.

    *dependencies*: install what virtualpytest needs; *system*: what the host's Python has may be used.
    """

    wheels: Path | None = None
    dependencies: bool = True
    system: bool = False


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let *parser* say where packages come from."""
    parser.add_argument(
        "--wheels", type=Path, metavar="FOLDER", help="install from these wheels alone, copied from here; for a host "
        "without an index (default: the index that pip uses there)",
    )  # fmt: skip
    parser.add_argument(
        "--system-packages", action="store_true", help="let it use the packages of the host's own Python, such as "
        "OpenCV from the distribution",
    )  # fmt: skip
    parser.add_argument("--no-deps", action="store_true", help="install virtualpytest itself and nothing that it needs")


def chosen(args: argparse.Namespace) -> Source:
    """Return what *args* say of where packages come from."""
    return Source(args.wheels, dependencies=not args.no_deps, system=args.system_packages)
