"""Campaigns as `run` and `plan` take them: a name, lab files, and what is meant for pytest."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_virtualpytest.cli import options

if TYPE_CHECKING:
    from pytest_virtualpytest.config import Campaign


@dataclass(frozen=True)
class Asked:
    """The campaign *name*, the lab *files*, the words *rest* for pytest."""

    name: str
    files: list[str]
    rest: list[str]
    as_json: bool = False

    def campaign(self) -> Campaign:
        """Return the campaign as the lab file has it; ConfigError if it does not."""
        from pytest_virtualpytest import config

        return config.choose(self.files, os.environ, Path.cwd()).campaign(self.name)

    def pytest(self, *words: str) -> list[str]:
        """Return the command that runs pytest with it; *words* come before the user's own, so that those count."""
        labs = [f"--vpt-lab={file}" for file in self.files]
        return [sys.executable, "-m", "pytest", f"--vpt-campaign={self.name}", *labs, *words, *self.rest]


def add(parser: argparse.ArgumentParser) -> None:
    """Let *parser* take a campaign's name, and after it options of ours and of pytest's in any order."""
    options.add_lab(parser)
    parser.add_argument("name", metavar="NAME", help="a campaign of the lab file")
    parser.add_argument("rest", metavar="...", nargs=argparse.REMAINDER, help="options of pytest, which count instead")


def asked(args: argparse.Namespace) -> Asked:
    """Return what *args* ask for."""
    own = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    own.add_argument("--json", action="store_true", default=getattr(args, "json", False))
    own.add_argument("--lab", action="append", default=list(args.lab))
    known, rest = own.parse_known_args(args.rest)
    return Asked(args.name, known.lab, rest, known.json)
