"""`virtualpytest host files`: the captures that are kept on a host."""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from pytest_virtualpytest.cli import options, table
from pytest_virtualpytest.cli.host import choice
from pytest_virtualpytest.exceptions import VirtualPytestError

if TYPE_CHECKING:
    from pytest_virtualpytest.cli.bench import Bench
    from pytest_virtualpytest.config import HostConfig

_TEXT = "list, fetch or remove the captures that are kept on a host"


def add(verbs: options.Commands) -> None:
    """Add the command."""
    parser = choice.verb(verbs, "files", _TEXT, run)
    choice.add_name(parser)
    parser.add_argument("action", choices=sorted(_ACTIONS), metavar="list|fetch|remove")
    parser.add_argument("names", metavar="FILE", nargs="*", help="as `list` shows them")
    parser.add_argument("--to", type=Path, default=Path(), metavar="FOLDER", help="to fetch into (default: this one)")
    parser.add_argument("--force", action="store_true", help="write over files that are there")


def run(args: argparse.Namespace) -> int:
    """Do what is asked for."""
    from pytest_virtualpytest.cli.bench import opened

    lab = options.lab(args)
    host = choice.host(lab, args.host)
    if bool(args.names) == (args.action == "list"):
        wants = "takes no names" if args.names else "needs the names of files, as `list` shows them"
        raise VirtualPytestError(f"host files {host.name} {args.action} {wants}")
    with opened(lab) as bench:
        _ACTIONS[args.action](bench, host, args)
    return 0


def _list(bench: Bench, host: HostConfig, _args: argparse.Namespace) -> None:
    told = bench.bare(host.name, "captures.list", {}).value
    rows = [
        (one["name"], str(one["size"]), time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(one["time"])))
        for one in told["files"]
    ]
    table.show([("FILE", "BYTES", "WRITTEN"), *rows])
    share = f"{told['bytes'] / 2**20:.1f} MiB of {host.captures_quota / 2**20:.0f} MiB"
    print(f"{len(rows)} files, {share}, in {told['folder']}")


def _fetch(bench: Bench, host: HostConfig, args: argparse.Namespace) -> None:
    for name in args.names:
        path: Path = args.to / PurePosixPath(name).name  # never where the name might lead here
        if path.exists() and not args.force:
            raise VirtualPytestError(f"{path} is there already; --force writes over it")
        pieces = _pieces(bench, host, name)
        first = next(pieces)  # before anything is written: the host may refuse
        try:
            args.to.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                size = sum(file.write(piece) for piece in (first, *pieces))
        except OSError as error:
            raise VirtualPytestError(f"{path} cannot be written: {error.strerror}") from error
        print(f"{path}: {size} bytes")


def _pieces(bench: Bench, host: HostConfig, name: str) -> Iterator[bytes]:
    """Yield the capture *name* piece by piece; an empty one is one empty piece."""
    done, size = 0, 1
    while done < size:
        reply = bench.bare(host.name, "captures.read", {"name": name, "offset": done})
        size = reply.value["size"]
        yield reply.blobs[0]
        done += len(reply.blobs[0]) or size


def _remove(bench: Bench, host: HostConfig, args: argparse.Namespace) -> None:
    for name in args.names:
        bench.bare(host.name, "captures.remove", {"name": name})
        print(f"{name}: removed from {host.name}")


_ACTIONS = {"list": _list, "fetch": _fetch, "remove": _remove}
